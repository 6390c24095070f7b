package curl

// effect is what an option does to the request.
type effect int

const (
	asks    effect = iota // it says something of the request, which request.take reads
	nothing               // it says what becomes of the answer, or what is printed
	refused               // a callback knows nothing like it
)

// option is an option of curl.
type option struct {
	name   string
	value  bool // it takes one
	effect effect
}

// short are the names of options by their letters.
func short() map[byte]string {
	return map[byte]string{
		'X': "request", 'H': "header", 'd': "data", 'u': "user", 'G': "get", 'A': "user-agent", 'b': "cookie", 'k': "insecure", 'e': "referer",
		'I': "head", 'm': "max-time", 'r': "range", 'L': "location", 'F': "form", 'T': "upload-file", 'x': "proxy", 'E': "cert",
		'o': "output", 'O': "remote-name", 'J': "remote-header-name", 'w': "write-out", 'D': "dump-header", 'c': "cookie-jar",
		's': "silent", 'S': "show-error", 'v': "verbose", 'i': "include", 'f': "fail", 'g': "globoff", 'N': "no-buffer", '#': "progress-bar",
		'K': "config", 'n': "netrc", '0': "http1.0", '1': "tlsv1", '2': "sslv2", '3': "sslv3", '4': "ipv4", '6': "ipv6", 'U': "proxy-user",
		'C': "continue-at", 'Y': "speed-limit", 'y': "speed-time", 'z': "time-cond", 'Z': "parallel", ':': "next", 'q': "disable", 'a': "append",
		'l': "list-only", 'R': "remote-time", 't': "telnet-option", 'Q': "quote", 'P': "ftp-port", 'B': "use-ascii", 'j': "junk-session-cookies", 'p': "proxytunnel",
	}
}

// options are those that are known, by their names.
func options() map[string]option {
	table := map[string]option{}
	add := func(value bool, e effect, names ...string) {
		for _, name := range names {
			table[name] = option{name, value, e}
		}
	}
	add(true, asks, "request", "header", "data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json", "user", "url", "user-agent",
		"cookie", "referer", "max-time", "connect-timeout", "max-redirs", "range", "oauth2-bearer", "url-query")
	add(false, asks, "get", "head", "insecure", "location")
	add(false, nothing, "silent", "show-error", "verbose", "include", "show-headers", "fail", "fail-with-body", "fail-early", "globoff", "no-buffer",
		"progress-bar", "no-progress-meter", "compressed", "remote-name", "remote-header-name", "basic", "location-trusted", "http1.1", "http2", "disable",
		"no-keepalive", "tcp-nodelay", "trace-time", "styled-output", "use-ascii", "parallel")
	add(true, nothing, "output", "write-out", "dump-header", "stderr", "trace", "trace-ascii", "output-dir")
	add(false, refused, "netrc", "http1.0", "http2-prior-knowledge", "http3", "ipv4", "ipv6", "tlsv1", "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3", "sslv2", "sslv3",
		"append", "list-only", "digest", "ntlm", "negotiate", "anyauth", "next", "post301", "post302", "post303", "retry-connrefused", "retry-all-errors",
		"remote-time", "junk-session-cookies", "proxytunnel", "path-as-is", "aws-sigv4")
	add(true, refused, "form", "form-string", "upload-file", "proxy", "proxy-user", "proxy-header", "cert", "key", "cacert", "capath", "cert-type", "key-type",
		"pass", "pinnedpubkey", "config", "cookie-jar", "resolve", "connect-to", "interface", "limit-rate", "retry", "retry-delay", "retry-max-time",
		"continue-at", "speed-limit", "speed-time", "time-cond", "unix-socket", "ciphers", "tls-max", "dns-servers", "local-port", "telnet-option",
		"quote", "ftp-port", "preproxy", "socks5", "socks5-hostname", "socks4", "noproxy", "expect100-timeout", "keepalive-time", "request-target", "haproxy-clientip")
	return table
}
