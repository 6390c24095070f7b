package alert

import (
	"context"

	"github.com/carillonhq/carillon/core"
)

// Channel is a way to reach people.
type Channel interface {
	// Send delivers one message to one person and returns when it was accepted. With an error, retry says whether trying
	// again later may help.
	Send(ctx context.Context, m Message) (retry bool, err error)
}

// Message is what one person is told. The texts are plain text in Chinese and English.
type Message struct {
	To      Recipient
	Subject string // one line, without control characters
	Text    string
}

// Recipient is who is told.
type Recipient struct {
	Name  string
	Email string
}

// Kind is a kind of channel.
type Kind struct {
	Name string
	// Open makes the channel that the settings describe; nil when they describe none.
	Open func(core.Settings) Channel
}

// Channels are all kinds of channel.
func Channels() []Kind {
	return []Kind{
		{Name: "mail", Open: openMail},
	}
}
