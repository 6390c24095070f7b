package ui

import (
	"fmt"
	"strings"
	"text/template"
	"unicode"
)

// snippet is the code of a call in one language.
type snippet struct{ Language, Code string }

// languages are the languages that code is written in, with what is written. Credentials are taken from the environment, so
// that none gets into a program's source.
func languages() []snippet {
	return []snippet{
		{"curl", `curl -X POST {{sh .URL}} \
{{if .Form}}  -H "ms_auth_user: $CARILLON_USER" -H "ms_auth_secret: $CARILLON_SECRET"{{range .Data}} \
  --data-urlencode {{sh (print .Value "=" .Label)}}{{end}}{{else}}  -H "Authorization: Bearer $CARILLON_TOKEN"{{if .Body}} \
  -H "Content-Type: application/json" \
  -d {{sh .Body}}{{end}}{{end}}
`},
		{"C#", `using System;
{{if .Form}}using System.Collections.Generic;
{{end}}using System.Net.Http;
{{if not .Form}}using System.Net.Http.Headers;
{{end}}{{if .Body}}using System.Text;
{{end}}using System.Threading.Tasks;

class Call
{
    static async Task Main()
    {
        using (var client = new HttpClient())
        using (var request = new HttpRequestMessage(HttpMethod.Post, {{q .URL}}))
        {
{{if .Form}}            request.Headers.Add("ms_auth_user", Environment.GetEnvironmentVariable("CARILLON_USER"));
            request.Headers.Add("ms_auth_secret", Environment.GetEnvironmentVariable("CARILLON_SECRET"));
            request.Content = new FormUrlEncodedContent(new[]
            {
{{range .Data}}                new KeyValuePair<string, string>({{q .Value}}, {{q .Label}}),
{{end}}            });
{{else}}            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Environment.GetEnvironmentVariable("CARILLON_TOKEN"));
{{if .Body}}            request.Content = new StringContent({{q .Body}}, Encoding.UTF8, "application/json");
{{end}}{{end}}            using (var response = await client.SendAsync(request))
            {
                Console.WriteLine($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            }
        }
    }
}
`},
		{"Java", `import java.net.URI;
{{if .Form}}import java.net.URLEncoder;
{{end}}import java.net.http.*;
{{if .Form}}import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
{{end}}
class Call {
    public static void main(String[] args) throws Exception {
{{if .Form}}        String body = List.<String[]>of(
{{range $i, $field := .Data}}{{if $i}},
{{end}}            new String[] { {{q .Value}}, {{q .Label}} }{{end}}
        ).stream().map(f -> f[0] + "=" + URLEncoder.encode(f[1], StandardCharsets.UTF_8)).collect(Collectors.joining("&"));
{{end}}        HttpRequest request = HttpRequest.newBuilder(URI.create({{q .URL}}))
{{if .Form}}            .header("ms_auth_user", System.getenv("CARILLON_USER"))
            .header("ms_auth_secret", System.getenv("CARILLON_SECRET"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(body))
{{else}}            .header("Authorization", "Bearer " + System.getenv("CARILLON_TOKEN"))
{{if .Body}}            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString({{q .Body}}))
{{else}}            .POST(HttpRequest.BodyPublishers.noBody())
{{end}}{{end}}            .build();
        HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(response.statusCode() + " " + response.body());
    }
}
`},
		{"Go", `package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
{{if .Form}}	"net/url"
{{end}}	"os"
{{if or .Form .Body}}	"strings"
{{end}})

func main() {
{{if .Form}}	form := url.Values{}
{{range .Data}}	form.Add({{q .Value}}, {{q .Label}})
{{end}}	request, err := http.NewRequest(http.MethodPost, {{q .URL}}, strings.NewReader(form.Encode()))
{{else if .Body}}	request, err := http.NewRequest(http.MethodPost, {{q .URL}}, strings.NewReader({{q .Body}}))
{{else}}	request, err := http.NewRequest(http.MethodPost, {{q .URL}}, nil)
{{end}}	if err != nil {
		log.Fatal(err)
	}
{{if .Form}}	request.Header.Set("ms_auth_user", os.Getenv("CARILLON_USER"))
	request.Header.Set("ms_auth_secret", os.Getenv("CARILLON_SECRET"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
{{else}}	request.Header.Set("Authorization", "Bearer "+os.Getenv("CARILLON_TOKEN"))
{{if .Body}}	request.Header.Set("Content-Type", "application/json")
{{end}}{{end}}	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode, string(answer))
}
`},
		{"Python", `import os
import urllib.error
{{if .Form}}import urllib.parse
{{end}}import urllib.request

{{if .Form}}fields = [
{{range .Data}}    ({{q .Value}}, {{q .Label}}),
{{end}}]
{{end}}request = urllib.request.Request(
    {{q .URL}},
    method="POST",
{{if .Form}}    data=urllib.parse.urlencode(fields).encode(),
    headers={
        "ms_auth_user": os.environ["CARILLON_USER"],
        "ms_auth_secret": os.environ["CARILLON_SECRET"],
    },
{{else}}{{if .Body}}    data={{q .Body}}.encode(),
{{end}}    headers={
        "Authorization": "Bearer " + os.environ["CARILLON_TOKEN"],
{{if .Body}}        "Content-Type": "application/json",
{{end}}    },
{{end}})
try:
    with urllib.request.urlopen(request) as response:
        print(response.status, response.read().decode())
except urllib.error.HTTPError as refused:
    print(refused.code, refused.read().decode())
`},
	}
}

// snippets write the code of a call in every language.
func snippets(call clientCall) ([]snippet, error) {
	all := languages()
	for i, s := range all {
		t, err := template.New(s.Language).Funcs(template.FuncMap{"q": quoted, "sh": shellQuoted}).Parse(s.Code)
		if err != nil {
			return nil, err
		}
		var out strings.Builder
		if err := t.Execute(&out, call); err != nil {
			return nil, err
		}
		all[i].Code = out.String()
	}
	return all, nil
}

// quoted writes a text as JSON does, which C#, Java, Go and Python read as a string, too. What does not print is escaped
// as well: some of it ends a line of C#, and Go refuses some.
func quoted(text string) (string, error) {
	written, err := plainJSON(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, r := range written {
		if unicode.IsPrint(r) || r > '\uffff' {
			out.WriteRune(r)
			continue
		}
		fmt.Fprintf(&out, `\u%04x`, r)
	}
	return out.String(), nil
}

// shellQuoted writes a text as one word of a shell.
func shellQuoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
