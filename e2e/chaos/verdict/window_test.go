package verdict

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

func TestInForce(t *testing.T) {
	t.Parallel()
	start := func(asked float64, answer evidence.Answer) evidence.Move {
		return evidence.Move{Starts: true, Asked: at(asked), Answered: at(asked + 1), Answer: answer}
	}
	stop := func(asked float64, answer evidence.Answer) evidence.Move {
		return evidence.Move{Asked: at(asked), Answered: at(asked + 1), Answer: answer}
	}
	const ack, unclear = evidence.Acknowledged, evidence.Unclear
	for name, row := range map[string]struct {
		moves         []evidence.Move
		surely, maybe []span
	}{
		"never":                  {},
		"started":                {[]evidence.Move{start(0, ack)}, []span{{from: at(1)}}, []span{{from: at(0)}}},
		"started and stopped":    {[]evidence.Move{start(0, ack), stop(5, ack)}, []span{{at(1), at(5)}}, []span{{at(0), at(6)}}},
		"a start without answer": {[]evidence.Move{start(0, unclear)}, nil, []span{{from: at(0)}}},
		"a stop without answer":  {[]evidence.Move{start(0, ack), stop(5, unclear)}, []span{{at(1), at(5)}}, []span{{from: at(0)}}},
		"twice": {
			[]evidence.Move{start(0, ack), stop(5, ack), start(10, ack), stop(15, ack)},
			[]span{{at(1), at(5)}, {at(11), at(15)}}, []span{{at(0), at(6)}, {at(10), at(16)}},
		},
		"nothing is sure after a call without answer": {
			[]evidence.Move{start(0, ack), stop(5, unclear), stop(20, ack), start(30, ack)}, []span{{at(1), at(5)}}, []span{{from: at(0)}},
		},
		"a stop of what does not run, without answer": {
			[]evidence.Move{start(0, ack), stop(5, ack), stop(10, unclear), start(12, ack)},
			[]span{{at(1), at(5)}}, []span{{at(0), at(6)}, {from: at(10)}},
		},
	} {
		surely, maybe := inForce(row.moves)
		require.Equal(t, row.surely, surely, name)
		require.Equal(t, row.maybe, maybe, name)
	}
}

func TestDues(t *testing.T) {
	t.Parallel()
	require.Equal(t, []time.Time{at(10), at(20), at(30)}, dues(10, span{at(0), at(40)}, time.Time{}), "strictly within")
	require.Equal(t, []time.Time{at(57), at(60)}, dues(3, span{at(54.5), at(61)}, time.Time{}))
	require.Equal(t, []time.Time{at(1), at(2)}, dues(1, span{from: at(0)}, at(2.5)), "one without an end ends where it is said")
	require.Empty(t, dues(0, span{at(0), at(40)}, time.Time{}), "a child has no instants")
}
