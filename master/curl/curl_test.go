package curl

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func headers(pairs ...string) []core.Header {
	var list []core.Header
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, core.Header{Name: pairs[i], Value: pairs[i+1]})
	}
	return list
}

const form = "application/x-www-form-urlencoded"

func TestParse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		command string
		want    core.Callback
		left    []string
	}{
		"a URL":        {"curl https://a.example/x", core.Callback{Method: "GET", URL: "https://a.example/x"}, nil},
		"no scheme":    {"curl a.example", core.Callback{Method: "GET", URL: "http://a.example"}, nil},
		"by --url":     {"curl --url 'https://a.example/?a=1&b=2'", core.Callback{Method: "GET", URL: "https://a.example/?a=1&b=2"}, nil},
		"the prompt":   {"$ /usr/bin/curl -sSL a.example", core.Callback{Method: "GET", URL: "http://a.example"}, nil},
		"data":         {"curl -d a=1 -d b=2 https://a.example", core.Callback{Method: "POST", URL: "https://a.example", ContentType: form, Body: "a=1&b=2"}, nil},
		"empty data":   {"curl -d '' https://a.example", core.Callback{Method: "POST", URL: "https://a.example", ContentType: form}, nil},
		"method":       {"curl -XPUT https://a.example -d x", core.Callback{Method: "PUT", URL: "https://a.example", ContentType: form, Body: "x"}, nil},
		"cluster":      {"curl -sXDELETE https://a.example", core.Callback{Method: "DELETE", URL: "https://a.example"}, nil},
		"head":         {"curl -I https://a.example", core.Callback{Method: "HEAD", URL: "https://a.example"}, nil},
		"get":          {"curl -G -d a=1 --data-urlencode 'b=x y&z' 'https://a.example/?q#f'", core.Callback{Method: "GET", URL: "https://a.example/?q&a=1&b=x%20y%26z#f"}, nil},
		"url-query":    {"curl --url-query 'a=ä' https://a.example/", core.Callback{Method: "GET", URL: "https://a.example/?a=%C3%A4"}, nil},
		"urlencode":    {"curl --data-urlencode '=a b' --data-urlencode 'c d' a.example", core.Callback{Method: "POST", URL: "http://a.example", ContentType: form, Body: "a%20b&c%20d"}, nil},
		"json":         {`curl --json '{"a":' --json '1}' a.example`, core.Callback{Method: "POST", URL: "http://a.example", ContentType: "application/json", Body: `{"a":1}`, Headers: headers("Accept", "application/json")}, nil},
		"content type": {`curl -H 'content-type: application/json; charset=utf-8' --data-raw '@{"a":1}' a.example`, core.Callback{Method: "POST", URL: "http://a.example", ContentType: "application/json; charset=utf-8", Body: `@{"a":1}`}, nil},
		"user":         {"curl -u ada:s3cret a.example", core.Callback{Method: "GET", URL: "http://a.example", Headers: headers("Authorization", "Basic YWRhOnMzY3JldA==")}, nil},
		"bearer":       {"curl --oauth2-bearer abc a.example", core.Callback{Method: "GET", URL: "http://a.example", Headers: headers("Authorization", "Bearer abc")}, nil},
		"agent, cookie, referer, range": {"curl -A me -b 'a=1; b=2' -e https://b.example -r 0-9 a.example", core.Callback{Method: "GET", URL: "http://a.example",
			Headers: headers("User-Agent", "me", "Cookie", "a=1; b=2", "Referer", "https://b.example", "Range", "bytes=0-9")}, nil},
		"an empty header": {"curl -H 'X-Empty;' a.example", core.Callback{Method: "GET", URL: "http://a.example", Headers: headers("X-Empty", "")}, nil},
		"times": {"curl -m 2.5 --connect-timeout 1 --max-redirs 0 a.example", core.Callback{Method: "GET", URL: "http://a.example", Timeout: 2500 * time.Millisecond,
			ConnectTimeout: time.Second, Redirects: -1}, nil},
		"out of a browser": {"curl 'https://a.example/api' \\\n  -H 'accept: */*' \\\r\n  -H 'cookie: s=1' \\\n  --data-raw $'{\"text\":\"it\\'s \\u00e4\\\\n\"}' \\\n  --compressed",
			core.Callback{Method: "POST", URL: "https://a.example/api", ContentType: form, Body: `{"text":"it's ä\n"}`, Headers: headers("accept", "*/*", "cookie", "s=1")}, nil},
		"quotes":   {`curl "https://a.example/\"x\"" -H "X-A: \$5 \\ 'y'" -d a\ b'c d'"e"`, core.Callback{Method: "POST", URL: `https://a.example/"x"`, ContentType: form, Body: "a bc de", Headers: headers("X-A", `$5 \ 'y'`)}, nil},
		"braces":   {"curl https://a.example/{a,b}{1..9999999}", core.Callback{Method: "GET", URL: "https://a.example/{a,b}{1..9999999}"}, nil},
		"template": {"curl 'https://a.example/{{run.id}}'", core.Callback{Method: "GET", URL: "https://a.example/{{run.id}}"}, nil},
		"insecure": {"curl -k a.example", core.Callback{Method: "GET", URL: "http://a.example"}, []string{"-k"}},
		"files": {"curl -d @body.json -b cookies.txt -H @headers --cacert ca.pem --data-urlencode name@file a.example", core.Callback{Method: "GET", URL: "http://a.example"},
			[]string{"-d @body.json", "-b", "-H @headers", "--cacert", "--data-urlencode name@file"}},
		"what is left": {"curl -F a=1 -x proxy:80 --retry 3 -H 'Content-Length: 1' -H 'Host:' -u ada a.example b.example | jq .", core.Callback{Method: "GET", URL: "http://a.example",
			Headers: headers("Authorization", "Basic YWRhOg==")}, []string{"-F", "-x", "--retry", "-H Content-Length", "-H Host:", "-u", "b.example", "|"}},
		"next":        {"curl a.example --next b.example -d 1", core.Callback{Method: "GET", URL: "http://a.example"}, []string{"--next"}},
		"redirection": {"curl a.example > out.txt", core.Callback{Method: "GET", URL: "http://a.example"}, []string{"|"}},
		"output":      {"curl -o out.txt -w '%{http_code}' a.example", core.Callback{Method: "GET", URL: "http://a.example"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(c.command)
			require.NoError(t, err)
			require.Equal(t, c.want, got.Callback)
			var left []string
			for _, e := range got.Left {
				left = append(left, e.Field)
			}
			require.Equal(t, c.left, left)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{
		"":                               "command: is required",
		"wget a.example":                 `command: begins with "wget": it is to be a curl command`,
		"curl":                           "command: has no URL in it",
		"curl ''":                        "command: has an empty URL",
		"curl -d":                        "command: ends after -d, which takes a value",
		"curl --nonsense a.example":      "command: has the option --nonsense, which is not known here",
		"curl -sß a.example":             "command: has the option -\xc3, which is not known here",
		"curl 'a.example":                "command: cannot be read as a shell reads it: line 1, column 6: reached EOF without closing quote `'`",
		"curl $URL":                      "command: has a variable of the shell in line 1, column 6: write what it stands for",
		"curl \"a.example/$(date)\"":     "command: has a command within the command in line 1, column 17: write what it gives",
		"curl -m soon a.example":         `command: has "soon" after -m, which is not a number of seconds up to a day`,
		"curl -m NaN a.example":          `command: has "NaN" after -m, which is not a number of seconds up to a day`,
		"curl --max-redirs x a.example":  `command: has "x" after --max-redirs, which is not a whole number`,
		"curl ftp://a.example":           "callback.url: must be an absolute http or https URL",
		"curl -X BREW a.example":         "callback.method: must be GET, POST, PUT, DELETE, PATCH, HEAD or OPTIONS",
		"curl ^\"https://a.example^\"":   "command: is written for cmd of Windows: copy it for bash",
		"if true; then curl a; fi":       "command: is no command",
		"curl -H \"X: $(rm -rf /)\" a.b": "command: has a command within the command in line 1, column 13: write what it gives",
	} {
		_, err := Parse(command)
		require.EqualError(t, err, want, command)
	}
}

// FuzzParse feeds Parse anything. What it gives is a callback that a task may have.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"curl -sXPOST https://a.example -H 'a: b' -d $'x\\n' --json '{}' | jq", "curl -u a:b -G --data-urlencode 'a=ä' x --next y", "curl ~root `x` $((1)) <(a) {1..9}",
		"curl \\\n 'a", "curl -m 1e309 -k @ -- -H x", "curl --max-redirs 99999999999999999999 a", "curl \xff", "a=1 curl x; y &", "curl <<E\nx\nE",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, command string) {
		got, err := Parse(command)
		if err != nil {
			require.NotEmpty(t, core.CodeOf(err), "%v", err)
			return
		}
		require.NoError(t, got.Callback.Validate())
	})
}
