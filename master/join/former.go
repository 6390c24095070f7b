package join

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// maxFormers is how many tokens that were rotated away are known again, the latest of them.
const maxFormers = 50

// former is a token that was rotated away.
type former struct {
	Hash string `json:"hash"`
	// Until is until when it is accepted, in microseconds since the Unix epoch. After that it is only known again.
	Until int64 `json:"until"`
}

type formers []former

// hash stands for a token. Tokens are long and random, so that a plain hash cannot be guessed back.
func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func readFormers(text string) (list formers, err error) {
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("the list of former join tokens cannot be read: %w", err)
	}
	return list, nil
}

func (f formers) have(token string) bool {
	h := hash(token)
	return slices.ContainsFunc(f, func(one former) bool { return one.Hash == h })
}

// with gives the text of the list with one more token. No other is accepted for longer than that one: whoever rotates
// without grace wants every earlier token out of use.
func (f formers) with(token string, until time.Time) (string, error) {
	list := formers{}
	for _, one := range f {
		one.Until = min(one.Until, until.UnixMicro())
		list = append(list, one)
	}
	list = append(list, former{Hash: hash(token), Until: until.UnixMicro()})
	text, err := json.Marshal(list[max(len(list)-maxFormers, 0):])
	return string(text), err
}
