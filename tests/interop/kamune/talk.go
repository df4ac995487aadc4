package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	mathrand "math/rand/v2"
	"sync"

	"github.com/kamune-org/kamune"
)

// mostText is how long a message may be, in bytes.
const mostText = mostData - 4

// command is what a test asks for.
//
//	{"do": "send", "data": BASE64}                 one message
//	{"do": "send", "route": 13, "data": BASE64}    its data as it is, wrapped for no route but 13
//	{"do": "send_random", "count": N, "seed": S, "size": BYTES or absent}
//	{"do": "await", "count": N}                    tells once N messages came
//	{"do": "ping"}
//	{"do": "close"}
type command struct {
	Do    string `json:"do"`
	Route uint64 `json:"route"`
	Data  []byte `json:"data"`
	Count uint64 `json:"count"`
	Seed  uint64 `json:"seed"`
	Size  *int   `json:"size"`
}

// talks holds the session that commands are for: the last one.
type talks struct {
	told  *tongue
	quiet bool

	lock  sync.Mutex
	now   session
	count uint64
	hash  hash.Hash
	// awaited is how many messages a test waits for, or zero.
	awaited uint64
}

func (t *talks) dial(w *way, me *person) {
	conn, err := w.dial()
	if err != nil {
		t.told.fail("dial", err)
		return
	}
	t.hold(conn, me, dialSession)
}

func (t *talks) listen(w *way, me *person) {
	l, where, err := w.listen()
	if err != nil {
		t.told.fail("listen", err)
		return
	}
	defer l.Close()
	t.told.tell(where)
	for {
		conn, err := l.Accept()
		if err != nil {
			// A listener at a relay ends with its session.
			t.told.tell(happened{Event: "stopped", Text: err.Error()})
			return
		}
		go t.hold(conn, me, serveSession)
	}
}

// hold makes a session and tells what it receives until its end.
func (t *talks) hold(conn kamune.Conn, me *person, begin func(kamune.Conn, *person) (session, error)) {
	defer conn.Close()
	s, err := begin(conn, me)
	if err != nil {
		t.told.fail("session", err)
		return
	}
	t.lock.Lock()
	t.now, t.count, t.hash, t.awaited = s, 0, sha256.New(), 0
	t.lock.Unlock()
	name, public := s.Peer()
	t.told.tell(happened{Event: "session", Session: s.ID(), Name: name, Public: hex.EncodeToString(public)})
	for {
		route, sequence, data, err := s.Receive()
		if errors.Is(err, errLeft) {
			t.told.tell(happened{Event: "left", Session: s.ID()})
			return
		}
		if err != nil {
			t.told.tell(happened{Event: "ended", Session: s.ID(), Text: err.Error()})
			return
		}
		if err := t.take(s, route, sequence, data); err != nil {
			t.told.fail("take", err)
		}
	}
}

// take tells one message, and answers a ping.
func (t *talks) take(s session, route, sequence uint64, data []byte) error {
	if route != routeData {
		var err error
		if data, err = unwrap(data); err != nil {
			return err
		}
	}
	if !t.quiet || route != routeText {
		t.told.tell(happened{Event: "message", Route: route, Sequence: sequence, Data: data})
	}
	switch route {
	case routeText:
		t.lock.Lock()
		t.count++
		t.hash.Write(data)
		t.tally()
		t.lock.Unlock()
	case routePing:
		return s.Send(routePong, wrap(data))
	}
	return nil
}

// tally tells the count and the hash of all messages once they are awaited and
// there. It needs the lock.
func (t *talks) tally() {
	if t.awaited > 0 && t.count >= t.awaited {
		t.awaited = 0
		t.told.tell(happened{Event: "received", Count: t.count, Hash: hex.EncodeToString(t.hash.Sum(nil))})
	}
}

// act does what a test asks for.
func (t *talks) act(asked *command) error {
	t.lock.Lock()
	s := t.now
	t.lock.Unlock()
	if s == nil {
		return errors.New("there is no session")
	}
	switch asked.Do {
	case "send":
		if asked.Route == routeData {
			return s.Send(routeData, asked.Data)
		}
		route := asked.Route
		if route == 0 {
			route = routeText
		}
		return s.Send(route, wrap(asked.Data))
	case "send_random":
		// Beside what else is asked, so that both sides can send at once.
		go func() {
			sent, err := sendRandom(s, asked)
			if err != nil {
				t.told.fail(asked.Do, err)
				return
			}
			t.told.tell(happened{Event: "sent", Count: asked.Count, Hash: sent})
		}()
		return nil
	case "await":
		t.lock.Lock()
		defer t.lock.Unlock()
		t.awaited = asked.Count
		t.tally()
		return nil
	case "ping":
		return s.Send(routePing, nil)
	case "close":
		return s.Close()
	}
	return fmt.Errorf("no command %q", asked.Do)
}

// sendRandom sends messages that follow from a seed; it returns the hash of
// them all.
func sendRandom(s session, asked *command) (string, error) {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], asked.Seed)
	random := mathrand.NewChaCha8(seed)
	sizes := mathrand.New(mathrand.NewPCG(asked.Seed, 0))
	all := sha256.New()
	for range asked.Count {
		size := sizes.IntN(mostText + 1)
		if asked.Size != nil {
			size = *asked.Size
		}
		text := make([]byte, size)
		_, _ = random.Read(text)
		all.Write(text)
		if err := s.Send(routeText, wrap(text)); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}
