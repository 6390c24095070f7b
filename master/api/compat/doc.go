// Package compat serves the form API that ScheduleMaster's clients speak: /api/task/* and /api/delaytask/*. A business
// system that calls ScheduleMaster changes the host name and nothing else.
//
// Every answer has status 200 and the body {"Success":…,"Status":…,"Message":…,"Data":…}, a failure of ours too; 401 is
// the only other status, for whoever is not known by the headers ms_auth_user and ms_auth_secret. The one body of another
// shape is that of querylist, {"total":…,"rows":[…]}.
//
// Paths and field names are read without regard to case. Fields come from the body, url-encoded or multipart, and then
// from the query string, as ASP.NET binds them. Fields that nobody knows are ignored, and an empty value is an absent one.
// What a refused field is called in a message is its name in the form.
//
// The package keeps no rules of its own about tasks: it reads what the form says, and package manage decides.
package compat
