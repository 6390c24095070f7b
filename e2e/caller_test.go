package e2e

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// caller is an HTTP client of business systems, down to the bytes it sends.
type caller struct {
	name string
	// paths are spelled as in the C# examples (/api/Task/Create) or in lower case.
	pascal bool
	escape func(string) string
	// post and get are the heads of requests, with the auth headers where %[3]s stands: %[1]s is the path, %[2]s the host,
	// %[4]d the length of the body.
	post, get string
	// expects says that it waits for leave to send the body.
	expects bool
	// closes says that it opens a connection for each call.
	closes bool
}

func callers() []caller {
	return []caller{
		{
			// HttpClient of .NET with FormUrlEncodedContent, as in the examples of the documents.
			name: "csharp", pascal: true, escape: url.QueryEscape,
			post: "POST %[1]s HTTP/1.1\r\nHost: %[2]s\r\n%[3]sContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %[4]d\r\n\r\n",
			get:  "GET %[1]s HTTP/1.1\r\nHost: %[2]s\r\n%[3]s\r\n",
		},
		{
			// HttpClient of .NET Framework.
			name: "csharp-framework", pascal: true, escape: url.QueryEscape, expects: true,
			post: "POST %[1]s HTTP/1.1\r\n%[3]sContent-Type: application/x-www-form-urlencoded\r\nHost: %[2]s\r\nContent-Length: %[4]d\r\n" +
				"Expect: 100-continue\r\nConnection: Keep-Alive\r\n\r\n",
			get: "GET %[1]s HTTP/1.1\r\n%[3]sHost: %[2]s\r\nConnection: Keep-Alive\r\n\r\n",
		},
		{
			// HttpURLConnection.
			name: "java", escape: javaEscape,
			post: "POST %[1]s HTTP/1.1\r\n%[3]sContent-Type: application/x-www-form-urlencoded;charset=UTF-8\r\nCache-Control: no-cache\r\nPragma: no-cache\r\n" +
				"User-Agent: Java/1.8.0_292\r\nHost: %[2]s\r\nAccept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2\r\nConnection: keep-alive\r\n" +
				"Content-Length: %[4]d\r\n\r\n",
			get: "GET %[1]s HTTP/1.1\r\n%[3]sUser-Agent: Java/1.8.0_292\r\nHost: %[2]s\r\nAccept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2\r\n" +
				"Connection: keep-alive\r\n\r\n",
		},
		{
			// java.net.http.HttpClient, which asks every plain-text server whether it speaks HTTP/2.
			name: "java-11", escape: javaEscape,
			post: "POST %[1]s HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: %[4]d\r\nHost: %[2]s\r\n" +
				"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\nUser-Agent: Java-http-client/17.0.9\r\n" +
				"Content-Type: application/x-www-form-urlencoded\r\n%[3]s\r\n",
			get: "GET %[1]s HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: 0\r\nHost: %[2]s\r\n" +
				"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\nUser-Agent: Java-http-client/17.0.9\r\n%[3]s\r\n",
		},
		{
			// curl --data-urlencode.
			name: "curl", escape: func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") },
			post: "POST %[1]s HTTP/1.1\r\nHost: %[2]s\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n%[3]sContent-Length: %[4]d\r\n" +
				"Content-Type: application/x-www-form-urlencoded\r\n\r\n",
			get: "GET %[1]s HTTP/1.1\r\nHost: %[2]s\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n%[3]s\r\n",
		},
		{
			// urllib.request, which writes header names with one capital.
			name: "python", escape: url.QueryEscape, closes: true,
			post: "POST %[1]s HTTP/1.1\r\nAccept-Encoding: identity\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %[4]d\r\nHost: %[2]s\r\n" +
				"User-Agent: Python-urllib/3.12\r\n%[3]sConnection: close\r\n\r\n",
			get: "GET %[1]s HTTP/1.1\r\nAccept-Encoding: identity\r\nHost: %[2]s\r\nUser-Agent: Python-urllib/3.12\r\n%[3]sConnection: close\r\n\r\n",
		},
	}
}

// javaEscape is URLEncoder.encode.
func javaEscape(s string) string {
	return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s))
}

// encode makes a form of pairs of names and values, in their order.
func (c caller) encode(fields ...string) string {
	var b strings.Builder
	for i := 0; i < len(fields); i += 2 {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(c.escape(fields[i]) + "=" + c.escape(fields[i+1]))
	}
	return b.String()
}

// connection is a caller's way to a server, kept open as long as the caller does.
type connection struct {
	t      *testing.T
	caller caller
	addr   string
	as     string // the user's name; admin when empty
	secret string
	conn   net.Conn
	in     *bufio.Reader
}

func (c *connection) dial() {
	if c.conn != nil {
		return
	}
	conn, err := net.Dial("tcp", c.addr)
	require.NoError(c.t, err)
	c.t.Cleanup(func() { conn.Close() })
	require.NoError(c.t, conn.SetDeadline(time.Now().Add(time.Minute)))
	c.conn, c.in = conn, bufio.NewReader(conn)
}

// post calls an action, spelled as in the C# examples, and gives the body of the answer.
func (c *connection) post(path string, fields ...string) string {
	c.t.Helper()
	body := c.caller.encode(fields...)
	return c.call(http.MethodPost, fmt.Sprintf(c.caller.post, c.spell(path), c.addr, c.auth(), len(body)), body, "200 OK")
}

// get calls an action with a query string, and gives the body of the answer.
func (c *connection) get(path string, fields ...string) string {
	c.t.Helper()
	return c.call(http.MethodGet, fmt.Sprintf(c.caller.get, c.spell(path)+"?"+c.caller.encode(fields...), c.addr, c.auth()), "", "200 OK")
}

func (c *connection) spell(path string) string {
	if c.caller.pascal {
		return path
	}
	return strings.ToLower(path)
}

func (c *connection) auth() string {
	user, secret := "ms_auth_user", "ms_auth_secret"
	if c.caller.name == "python" {
		user, secret = "Ms_auth_user", "Ms_auth_secret"
	}
	return user + ": " + cmp.Or(c.as, "admin") + "\r\n" + secret + ": " + c.secret + "\r\n"
}

// call sends the bytes of a request and reads an answer that must have this status line, the form API's content type,
// and a length that clients of any age understand.
func (c *connection) call(method, head, body, status string) string {
	c.t.Helper()
	c.dial()
	waits := body != "" && c.caller.expects
	send := head
	if !waits {
		send += body
	}
	_, err := io.WriteString(c.conn, send)
	require.NoError(c.t, err)
	resp, err := http.ReadResponse(c.in, &http.Request{Method: method})
	require.NoError(c.t, err)
	if waits && resp.StatusCode == http.StatusContinue {
		_, err := io.WriteString(c.conn, body)
		require.NoError(c.t, err)
		resp, err = http.ReadResponse(c.in, &http.Request{Method: method})
		require.NoError(c.t, err)
	}
	text, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	require.Equal(c.t, "HTTP/1.1 "+status, resp.Proto+" "+resp.Status, "%s", text)
	require.Equal(c.t, []string{"application/json; charset=utf-8"}, resp.Header["Content-Type"])
	require.Equal(c.t, []string{fmt.Sprint(len(text))}, resp.Header["Content-Length"])
	if c.caller.closes {
		_, err := c.in.ReadByte()
		require.ErrorIs(c.t, err, io.EOF, "the server closes the connection, as it was asked to")
		c.conn = nil
	}
	return string(text)
}
