package alert

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// smtpServer is a mail server on loopback that says what it is told to say.
type smtpServer struct {
	port  int
	certs *httptest.Server // has a certificate for 127.0.0.1; nil: no TLS
	// implicit asks for TLS from the first byte instead of STARTTLS.
	implicit bool
	// reply gives the answer to a command instead of the usual one; "" keeps that.
	reply func(command string) string

	mu       sync.Mutex
	received []received
}

// received is a mail that the server accepted.
type received struct {
	from, to string
	auth     string // as it was sent, decoded
	tls      bool
	raw      string
}

// parsed gives the headers and the text of a mail.
func (r received) parsed(t testing.TB) (netmail.Header, string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(r.raw))
	require.NoError(t, err)
	require.Equal(t, "base64", m.Header.Get("Content-Transfer-Encoding"))
	text, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
	require.NoError(t, err)
	return m.Header, string(text)
}

func (r received) subject(t testing.TB) string {
	t.Helper()
	header, _ := r.parsed(t)
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	require.NoError(t, err)
	return subject
}

func startSMTP(t testing.TB, change func(*smtpServer)) *smtpServer {
	t.Helper()
	s := &smtpServer{reply: func(string) string { return "" }}
	if change != nil {
		change(s)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.port = l.Addr().(*net.TCPAddr).Port
	var sessions sync.WaitGroup
	sessions.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			sessions.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		require.NoError(t, l.Close())
		sessions.Wait()
	})
	return s
}

func (s *smtpServer) mails() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received
}

func (s *smtpServer) encrypt(conn net.Conn) net.Conn {
	return tls.Server(conn, &tls.Config{Certificates: s.certs.TLS.Certificates})
}

// serve speaks SMTP until the client leaves.
func (s *smtpServer) serve(conn net.Conn) {
	defer func() { conn.Close() }()
	if s.implicit {
		conn = s.encrypt(conn)
	}
	in := bufio.NewReader(conn)
	say := func(line string) { fmt.Fprint(conn, line, "\r\n") }
	if greeting := s.reply("GREETING"); greeting != "" {
		if greeting != "silence" {
			say(greeting)
		}
		_, _ = io.Copy(io.Discard, in)
		return
	}
	say("220 test ESMTP")
	m := received{tls: s.implicit}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		command := strings.TrimSpace(line)
		if answer := s.reply(command); answer != "" {
			say(answer)
			continue
		}
		verb, rest, _ := strings.Cut(command, " ")
		switch verb {
		case "EHLO":
			say("250-test")
			if s.certs != nil && !m.tls {
				say("250-STARTTLS")
			}
			say("250-ENHANCEDSTATUSCODES")
			say("250 AUTH PLAIN")
		case "STARTTLS":
			say("220 go on")
			conn, m.tls = s.encrypt(conn), true
			in = bufio.NewReader(conn)
		case "AUTH":
			secret, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			m.auth = strings.ReplaceAll(string(secret), "\x00", "|")
			say("235 2.7.0 ok")
		case "MAIL":
			m.from = rest
			say("250 ok")
		case "RCPT":
			m.to = strings.TrimPrefix(rest, "TO:")
			say("250 ok")
		case "DATA":
			say("354 go on")
			var raw strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				raw.WriteString(line)
			}
			m.raw = raw.String()
			s.mu.Lock()
			s.received = append(s.received, m)
			s.mu.Unlock()
			say("250 accepted")
		case "QUIT":
			say("221 bye")
			return
		default: // NOOP, RSET
			say("250 ok")
		}
	}
}
