package alert

import (
	"context"
	"crypto/x509"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func mailTo(s *smtpServer) *mailChannel {
	return openMail(core.Settings{SMTPServer: "127.0.0.1", SMTPPort: s.port, SMTPFrom: "Carillon <carillon@example.com>"}).(*mailChannel)
}

func greeting() Message {
	return Message{To: Recipient{Name: "ada", Email: "ada@example.com"}, Subject: "任务失败 Task failed", Text: "一\ntwo\n"}
}

func TestNoMailServerNoChannel(t *testing.T) {
	t.Parallel()
	require.Nil(t, openMail(core.Settings{SMTPPort: 25}))
}

func TestMailArrives(t *testing.T) {
	t.Parallel()
	s := startSMTP(t, nil)
	_, err := mailTo(s).Send(t.Context(), greeting())
	require.NoError(t, err)

	require.Len(t, s.mails(), 1)
	m := s.mails()[0]
	require.Equal(t, "<ada@example.com>", m.to)
	require.Contains(t, m.from, "FROM:<carillon@example.com>")
	require.Empty(t, m.auth, "no password, no sign-in")
	header, text := m.parsed(t)
	require.Equal(t, "一\r\ntwo\r\n", text)
	require.Equal(t, "任务失败 Task failed", m.subject(t))
	require.Equal(t, "<ada@example.com>", header.Get("To"))
	require.Equal(t, "auto-generated", header.Get("Auto-Submitted"))
	require.Equal(t, "text/plain; charset=UTF-8", header.Get("Content-Type"))
}

func TestMailSignsInWhenThereIsAPassword(t *testing.T) {
	t.Parallel()
	s := startSMTP(t, nil)
	c := mailTo(s)
	c.password = "s3cret"
	_, err := c.Send(t.Context(), greeting())
	require.NoError(t, err)
	require.Equal(t, "|carillon@example.com|s3cret", s.mails()[0].auth)
}

func TestMailIsEncryptedWhenTheServerOffersIt(t *testing.T) {
	t.Parallel()
	certs := httptest.NewTLSServer(nil)
	defer certs.Close()
	s := startSMTP(t, func(s *smtpServer) { s.certs = certs })
	c := mailTo(s)

	retry, err := c.Send(t.Context(), greeting())
	require.ErrorContains(t, err, "certificate", "the certificate is checked")
	require.True(t, retry)
	require.Empty(t, s.mails())

	c.roots = x509.NewCertPool()
	c.roots.AddCert(certs.Certificate())
	_, err = c.Send(t.Context(), greeting())
	require.NoError(t, err)
	require.True(t, s.mails()[0].tls)
}

func TestMailServerThatSpeaksTLSFromTheStart(t *testing.T) {
	t.Parallel()
	certs := httptest.NewTLSServer(nil)
	defer certs.Close()
	s := startSMTP(t, func(s *smtpServer) { s.certs, s.implicit = certs, true })
	c := mailTo(s)
	c.implicit, c.password = true, "s3cret"
	c.roots = x509.NewCertPool()
	c.roots.AddCert(certs.Certificate())
	_, err := c.Send(t.Context(), greeting())
	require.NoError(t, err)
	require.True(t, s.mails()[0].tls)
	require.Equal(t, "|carillon@example.com|s3cret", s.mails()[0].auth)

	require.True(t, openMail(core.Settings{SMTPServer: "mail", SMTPPort: 465}).(*mailChannel).implicit)
	require.False(t, openMail(core.Settings{SMTPServer: "mail", SMTPPort: 587}).(*mailChannel).implicit)
}

func TestMailHeadersCannotBeInjected(t *testing.T) {
	t.Parallel()
	s := startSMTP(t, nil)
	c := mailTo(s)
	m := greeting()
	m.Subject = "done\r\nBcc: eve@example.com\r\n\r\nfalse body"
	m.To.Name = "ada\r\nBcc: eve@example.com"
	_, err := c.Send(t.Context(), m)
	require.NoError(t, err)

	require.Len(t, s.mails(), 1)
	header, text := s.mails()[0].parsed(t)
	require.Empty(t, header.Get("Bcc"))
	require.Equal(t, "<ada@example.com>", header.Get("To"))
	require.Equal(t, "一\r\ntwo\r\n", text)

	for _, address := range []string{"", "ada", "ada@example.com\r\nRCPT TO:<eve@example.com>", "ada@example.com, eve@example.com",
		"ada@example.com>\r\nDATA", "\"a\r\nb\"@example.com"} {
		m := greeting()
		m.To.Email = address
		retry, err := c.Send(t.Context(), m)
		require.Error(t, err, "%q", address)
		require.False(t, retry, "%q", address)
	}
	require.Len(t, s.mails(), 1)
}

func TestMailRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		on, reply string
		retry     bool
	}{
		"unknown mailbox":  {"RCPT", "550 5.1.1 no such user", false},
		"not a name":       {"RCPT", "553 5.1.3 bad address", false},
		"full for now":     {"RCPT", "452 4.2.2 mailbox full", true},
		"must sign in":     {"RCPT", "550 5.7.1 relaying denied", true},
		"greylisted":       {"RCPT", "451 4.7.1 try later", true},
		"sender refused":   {"MAIL", "550 5.1.8 unknown sender", true},
		"content refused":  {"DATA", "554 5.6.0 no", true},
		"wrong password":   {"AUTH", "535 5.7.8 no", true},
		"server is closed": {"GREETING", "421 4.3.2 later", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startSMTP(t, func(s *smtpServer) {
				s.reply = func(command string) string {
					if strings.HasPrefix(command, test.on) {
						return test.reply
					}
					return ""
				}
			})
			c := mailTo(s)
			c.password = "s3cret"
			retry, err := c.Send(t.Context(), greeting())
			require.ErrorContains(t, err, test.reply[:3])
			require.NotContains(t, err.Error(), "s3cret")
			require.Equal(t, test.retry, retry)
			require.Empty(t, s.mails())
		})
	}
}

func TestMailAcceptedCountsHoweverTheConnectionEnds(t *testing.T) {
	t.Parallel()
	s := startSMTP(t, func(s *smtpServer) {
		s.reply = func(command string) string {
			if command == "RSET" || command == "QUIT" {
				return "500 what?"
			}
			return ""
		}
	})
	_, err := mailTo(s).Send(t.Context(), greeting())
	require.NoError(t, err)
	require.Len(t, s.mails(), 1)
}

func TestMailServerThatSaysNothing(t *testing.T) {
	t.Parallel()
	s := startSMTP(t, func(s *smtpServer) { s.reply = func(string) string { return "silence" } })
	c := mailTo(s)
	c.timeout = 50 * time.Millisecond
	retry, err := c.Send(t.Context(), greeting())
	require.ErrorContains(t, err, "mail server 127.0.0.1")
	require.True(t, retry)

	c.timeout = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	retry, err = c.Send(ctx, greeting())
	require.ErrorIs(t, err, context.Canceled, "a master that stops does not wait for it")
	require.True(t, retry)
}

func TestNoMailServerThere(t *testing.T) {
	t.Parallel()
	s := startSMTP(t, nil)
	c := mailTo(s)
	c.port = 1
	retry, err := c.Send(t.Context(), greeting())
	require.ErrorContains(t, err, "mail server 127.0.0.1")
	require.True(t, retry)

	c = mailTo(s)
	c.from = "not an address"
	retry, err = c.Send(t.Context(), greeting())
	require.ErrorContains(t, err, "Email_FromAccount")
	require.True(t, retry)
}
