package conf

import "net"

// Validate checks every key by its own rule and the keys against each other. The error is an Errors with everything
// that is wrong for a process of this role.
func (c Config) Validate(role Role) error { return c.problems(role).orNil() }

func (c Config) problems(role Role) Errors {
	var problems Errors
	for _, k := range c.keys() {
		if !k.value.valid() {
			problems = append(problems, &Error{Key: k.name, Given: k.given(k.value.text()), Want: k.value.want()})
		}
	}
	refuse := func(wrong bool, name, given, want string) {
		if wrong && !problems.have(name) {
			problems = append(problems, &Error{Key: name, Given: given, Want: want})
		}
	}
	refuse(role == RoleWorker && len(c.Masters) == 0, "master", "",
		"must be given: a worker dials a master's HOST:PORT, or one of several with commas between")
	refuse(role&masters != 0 && samePort(c.HTTPAddr, c.GRPCAddr), "grpc_addr", c.GRPCAddr,
		"must have another port than http_addr")
	return problems
}

// samePort reports whether two listen addresses claim the same port on the same or on every address.
func samePort(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	return portA == portB && portA != "" && portA != "0" && (hostA == hostB || hostA == "" || hostB == "")
}
