package callback

import (
	"strconv"
	"strings"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The signature headers, in the spelling that package http sends them in.
const (
	headerWebhookID        = "Webhook-Id"
	headerWebhookTimestamp = "Webhook-Timestamp"
	headerWebhookSignature = "Webhook-Signature"
)

// signature signs the requests of a call after Standard Webhooks (https://www.standardwebhooks.com).
type signature struct {
	id      string
	webhook *webhooks.Webhook
}

// newSignature makes the signature of a call; nil when it has no secret.
func newSignature(call *Call) (*signature, error) {
	secret := call.Callback.Secret
	if secret == "" {
		return nil, nil
	}
	var webhook *webhooks.Webhook
	var err error
	if strings.HasPrefix(secret, "whsec_") {
		webhook, err = webhooks.NewWebhook(secret)
	} else {
		webhook, err = webhooks.NewWebhookRaw([]byte(secret))
	}
	if err != nil {
		return nil, permanent("the secret is not base64 after whsec_")
	}
	return &signature{id: call.occurrence(), webhook: webhook}, nil
}

// apply signs body into h. Each request is signed anew, because a redirect may have taken its body away.
func (s *signature) apply(h *fields, body string, now time.Time) error {
	signed, err := s.webhook.Sign(s.id, now, []byte(body))
	if err != nil {
		return permanent("the request cannot be signed")
	}
	h.set(headerWebhookID, s.id)
	h.set(headerWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	h.set(headerWebhookSignature, signed)
	return nil
}
