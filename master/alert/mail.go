package alert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/carillonhq/carillon/core"
)

const (
	// mailTimeout bounds the sending of one mail, from the connection to the server's acceptance.
	mailTimeout = 15 * time.Second
	// portImplicitTLS is where servers speak TLS from the first byte (RFC 8314, section 3.3).
	portImplicitTLS = 465
)

// mailChannel sends mail through the server that the settings name. The connection is encrypted when the server offers
// STARTTLS, and the server's certificate must then be valid. It signs in when there is a password, which it never sends
// over an unencrypted connection to another machine.
type mailChannel struct {
	server   string
	port     int
	from     string
	password string
	implicit bool // TLS from the first byte
	timeout  time.Duration
	roots    *x509.CertPool // nil: the system's
}

func openMail(s core.Settings) Channel {
	if s.SMTPServer == "" {
		return nil
	}
	return &mailChannel{
		server: s.SMTPServer, port: s.SMTPPort, from: s.SMTPFrom, password: s.SMTPPassword,
		implicit: s.SMTPPort == portImplicitTLS, timeout: mailTimeout,
	}
}

// Send sends one mail over a connection of its own.
func (c *mailChannel) Send(ctx context.Context, m Message) (retry bool, err error) {
	to, err := netmail.ParseAddress(m.To.Email)
	if err != nil {
		return false, fmt.Errorf("the address of %s: %w", m.To.Name, err)
	}
	from, err := netmail.ParseAddress(c.from)
	if err != nil {
		return true, fmt.Errorf("the setting Email_FromAccount is not an address: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	client, err := mail.NewClient(c.server, c.options(ctx, from.Address)...)
	if err != nil {
		return true, fmt.Errorf("mail server %s: %w", c.server, err)
	}
	letter := compose(from, to, m)
	err = client.DialAndSendWithContext(ctx, letter)
	switch {
	case letter.IsDelivered(): // the server answers for it now, however the connection ended
		return false, nil
	case ctx.Err() != nil:
		return true, fmt.Errorf("mail server %s: %w: %w", c.server, ctx.Err(), err)
	}
	return !refusesMailbox(err), fmt.Errorf("mail server %s: %w", c.server, err)
}

func compose(from, to *netmail.Address, m Message) *mail.Msg {
	// Base64 is the shorter encoding for Chinese, in the header as in the body. Whatever is in the subject, it is encoded
	// when it is not printable ASCII, so it cannot begin another header.
	letter := mail.NewMsg(mail.WithEncoding(mail.EncodingB64), mail.WithNoDefaultUserAgent())
	letter.FromMailAddress(from)
	letter.ToMailAddress(&netmail.Address{Address: to.Address})
	letter.Subject(m.Subject)
	letter.SetGenHeader("Auto-Submitted", "auto-generated")                            // keeps holiday replies away (RFC 3834)
	letter.SetBodyString(mail.TypeTextPlain, strings.ReplaceAll(m.Text, "\n", "\r\n")) // RFC 2045, section 6.8
	return letter
}

func (c *mailChannel) options(ctx context.Context, account string) []mail.Option {
	config := &tls.Config{ServerName: c.server, MinVersion: tls.VersionTLS12, RootCAs: c.roots}
	dial := new(net.Dialer).DialContext
	if c.implicit {
		dial = (&tls.Dialer{Config: config}).DialContext
	}
	opts := []mail.Option{
		mail.WithPort(c.port), mail.WithTimeout(c.timeout), mail.WithTLSPolicy(mail.TLSOpportunistic), mail.WithTLSConfig(config),
		mail.WithDialContextFunc(func(dialing context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(dialing, network, addr)
			if err == nil {
				// The library renews its deadline with every mail and leaves the connection open on some errors.
				context.AfterFunc(ctx, func() { _ = conn.Close() })
			}
			return conn, err
		}),
	}
	if c.implicit {
		opts = append(opts, mail.WithSSL())
	}
	if c.password != "" {
		opts = append(opts, mail.WithUsername(account), mail.WithPassword(c.password), mail.WithOpportunisticSMTPAuth(
			mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthCramMD5, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	return opts
}

// refusesMailbox says whether the server refused the recipient for good (RFC 5321, section 4.2.3). A refusal by policy,
// such as of a sender who must sign in first (RFC 3463, class x.7), is not the mailbox's, and a change of the settings
// may end it.
func refusesMailbox(err error) bool {
	refusal, ok := errors.AsType[*mail.SendError](err)
	if !ok || refusal.Reason != mail.ErrSMTPRcptTo || strings.HasPrefix(refusal.EnhancedStatusCode(), "5.7.") {
		return false
	}
	switch refusal.ErrorCode() {
	case 550, 551, 553:
		return true
	}
	return false
}
