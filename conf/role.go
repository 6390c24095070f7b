package conf

import (
	"fmt"
	"strings"
)

// Role is the part a process plays; it decides which keys concern it.
type Role uint8

// The roles. Sets of them are or-ed together in the list of keys; a process has exactly one.
const (
	RoleServe  Role = 1 << iota // a master and a worker in one process
	RoleMaster                  // a master alone
	RoleWorker                  // a worker alone
	RoleAdmin                   // a command that works on the database and ends, such as migrate
)

const (
	masters = RoleServe | RoleMaster
	workers = RoleServe | RoleWorker
	nodes   = masters | workers
	all     = nodes | RoleAdmin
)

// String returns the subcommand of the role.
func (r Role) String() string {
	switch r {
	case RoleServe:
		return "serve"
	case RoleMaster:
		return "master"
	case RoleWorker:
		return "worker"
	case RoleAdmin:
		return "admin"
	}
	return fmt.Sprintf("Role(%d)", uint8(r))
}

// Subcommand puts the subcommand that ScheduleMaster's --role names in front of args when args start with a flag, so
// that `carillon --role=worker …` is `carillon worker …`. Other args are returned as they are. A role that is neither
// master nor worker is an *Error.
func Subcommand(args []string) ([]string, error) {
	if len(args) == 0 || !strings.HasPrefix(args[0], "-") {
		return args, nil
	}
	for i, arg := range args {
		role, given := strings.CutPrefix(arg, "--role=")
		if arg == "--role" && i+1 < len(args) {
			role, given = args[i+1], true
		}
		switch {
		case !given:
		case role == RoleMaster.String() || role == RoleWorker.String():
			return append([]string{role}, args...), nil
		default:
			return nil, &Error{Key: "role", Source: "--role", Given: role, Want: "must be master or worker"}
		}
	}
	return args, nil
}
