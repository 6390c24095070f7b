package curl

import (
	"path"
	"strings"

	"github.com/carillonhq/carillon/core"
)

// Request is what a command asks for.
type Request struct {
	Callback core.Callback
	// Left are what of the command was not taken, each with why; the field is the option.
	Left []*core.Error
}

// Parse reads a command. The error is a *core.Error.
func Parse(command string) (*Request, error) {
	list, more, err := words(command)
	if err != nil {
		return nil, err
	}
	if name := strings.TrimSuffix(path.Base(list[0]), ".exe"); name != "curl" {
		return nil, core.Malformed(field, "begins with %q: it is to be a curl command", list[0])
	}
	r := &request{}
	if err := r.read(list[1:]); err != nil {
		return nil, err
	}
	if more {
		r.leave("|", "what follows the command is not part of the request")
	}
	return r.finish()
}

// read takes the words after the name.
func (r *request) read(list []string) error {
	known, letters := options(), short()
	for len(list) > 0 && !r.ended {
		word := list[0]
		list = list[1:]
		var err error
		switch {
		case strings.HasPrefix(word, "--") && len(word) > 2:
			o, ok := known[strings.TrimPrefix(word, "--")]
			if !ok {
				return core.Broken(field, "has the option %s, which is not known here", word)
			}
			list, err = r.option(word, o, "", false, list)
		case strings.HasPrefix(word, "-") && len(word) > 1 && word != "--":
			list, err = r.cluster(word, known, letters, list)
		case word == "--":
		default:
			err = r.address(word)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cluster reads options of one letter, of which the last may have its value in the same word: -sXPOST.
func (r *request) cluster(word string, known map[string]option, letters map[byte]string, list []string) ([]string, error) {
	for i := 1; i < len(word); i++ {
		said := "-" + word[i:i+1]
		o, ok := known[letters[word[i]]]
		if !ok {
			return nil, core.Broken(field, "has the option %s, which is not known here", said)
		}
		rest := word[i+1:]
		if !o.value {
			rest = ""
		}
		var err error
		if list, err = r.option(said, o, rest, rest != "", list); err != nil || o.value || r.ended {
			return list, err
		}
	}
	return list, nil
}

// option takes one option, with its value from the words that follow unless it came with it.
func (r *request) option(said string, o option, value string, given bool, list []string) ([]string, error) {
	if o.value && !given {
		if len(list) == 0 {
			return nil, core.Broken(field, "ends after %s, which takes a value", said)
		}
		value, list = list[0], list[1:]
	}
	switch o.effect {
	case nothing:
		return list, nil
	case refused:
		r.refuse(said, o)
		return list, nil
	}
	return list, r.take(said, o.name, value)
}

// refuse names an option that a callback knows nothing like, with what to do instead where there is something.
func (r *request) refuse(said string, o option) {
	switch o.name {
	case "next":
		r.ended = true
		r.leave(said, "only the first request is taken")
	case "form", "form-string", "upload-file":
		r.leave(said, "multipart forms and uploads are not sent: give the body as text")
	case "cert", "key", "cacert", "capath", "pass", "cert-type", "key-type":
		r.leave(said, "files are not read: paste the PEM into the fields for TLS")
	case "retry", "retry-delay", "retry-max-time", "retry-connrefused", "retry-all-errors":
		r.leave(said, "how often a failed run is tried again is said by the task")
	default:
		r.leave(said, "a callback has nothing like it")
	}
}

func (r *request) leave(said, format string) {
	r.left = append(r.left, &core.Error{Code: core.CodeRule, Field: said, Format: format})
}
