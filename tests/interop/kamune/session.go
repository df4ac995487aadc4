package main

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kamune-org/kamune"
	"github.com/kamune-org/kamune/pkg/exchange"
	"golang.org/x/crypto/chacha20poly1305"
)

// session is an established session.
type session interface {
	// ID is the id that both sides know it by.
	ID() string
	// Peer is the name and the public key of the other side.
	Peer() (name string, public []byte)
	// Send sends data, which is already encoded as its route wants it.
	Send(route uint64, data []byte) error
	// Receive waits for the next message; errLeft when the other side closed.
	Receive() (route, sequence uint64, data []byte, err error)
	// Close tells the other side, then closes the connection.
	Close() error
}

// errLeft is what Receive says of a session that the other side closed.
var errLeft = errors.New("the peer closed the session")

// keys is what both sides derive from a handshake.
type keys struct {
	id             string
	client, server []byte
	first, second  []byte
}

const (
	toServer = "kamune/handshake/client-to-server/v1/"
	toClient = "kamune/handshake/server-to-client/v1/"
)

func derive(secret []byte, request, answer *half) keys {
	hash := sha256.New()
	hash.Write([]byte("kamune/handshake/v1"))
	for _, h := range []*half{request, answer} {
		for _, part := range [][]byte{h.key, h.salt, []byte(h.id)} {
			hash.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
			hash.Write(part)
		}
	}
	id := request.id + answer.id
	expand := func(salt []byte, info string) []byte {
		key, err := hkdf.Key(sha512.New, secret, salt, info, 32)
		if err != nil {
			panic(err) // only of a length that is not 32
		}
		return key
	}
	challenge := func(direction string) []byte {
		return expand(nil, id+"|"+direction+"|"+string(hash.Sum(nil)))
	}
	return keys{
		id:     id,
		client: expand(request.salt, toServer+id),
		server: expand(answer.salt, toClient+id),
		first:  challenge(toServer),
		second: challenge(toClient),
	}
}

// link is a session of our own making.
type link struct {
	under    exchange.ReadWriter
	conn     kamune.Conn
	me       *person
	other    *stranger
	id       string
	seals    cipher.AEAD
	opens    cipher.AEAD
	sending  sync.Mutex
	sent     uint64
	received uint64
}

func newLink(under exchange.ReadWriter, me *person, other *stranger, id string, seals, opens []byte) *link {
	aead := func(key []byte) cipher.AEAD {
		aead, err := chacha20poly1305.NewX(key)
		if err != nil {
			panic(err) // only of a key that is not of 32 bytes
		}
		return aead
	}
	return &link{under: under, me: me, other: other, id: id, seals: aead(seals), opens: aead(opens)}
}

// onto leaves the channel of the handshake.
func (l *link) onto(conn kamune.Conn) session {
	_ = conn.SetDeadline(time.Time{})
	l.under, l.conn = conn, conn
	return l
}

func (l *link) challenge(expected []byte) error {
	if err := l.Send(routeChallenge, wrap(expected)); err != nil {
		return err
	}
	data, err := l.expect(routeEcho)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(data, expected) != 1 {
		return errors.New("another echo than the challenge")
	}
	return nil
}

func (l *link) echo() error {
	data, err := l.expect(routeChallenge)
	if err != nil {
		return err
	}
	return l.Send(routeEcho, wrap(data))
}

func (l *link) expect(wanted uint64) ([]byte, error) {
	route, _, data, err := l.Receive()
	if err != nil {
		return nil, err
	}
	if route != wanted {
		return nil, fmt.Errorf("route %d instead of %d", route, wanted)
	}
	return unwrap(data)
}

func (l *link) ID() string { return l.id }

func (l *link) Peer() (string, []byte) { return l.other.name, l.other.public }

func (l *link) Send(route uint64, data []byte) error {
	l.sending.Lock()
	defer l.sending.Unlock()
	plain, err := l.me.seal(route, l.sent+1, data)
	if err != nil {
		return err
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	_, _ = rand.Read(nonce)
	if err := l.under.WriteBytes(l.seals.Seal(nonce, nonce, plain, nil)); err != nil {
		return err
	}
	l.sent++
	return nil
}

func (l *link) Receive() (route, sequence uint64, data []byte, err error) {
	read, err := l.under.ReadBytes()
	if err != nil {
		return 0, 0, nil, err
	}
	nonce, sealed := read[:min(len(read), 24)], read[min(len(read), 24):]
	if len(nonce) < 24 {
		return 0, 0, nil, errors.New("too short for a nonce")
	}
	plain, err := l.opens.Open(nil, nonce, sealed, nil)
	if err != nil {
		return 0, 0, nil, err
	}
	e, err := open(plain)
	if err != nil {
		return 0, 0, nil, err
	}
	if !e.from(l.other.key) {
		return 0, 0, nil, errBadSignature
	}
	if e.sequence != l.received+1 {
		return 0, 0, nil, fmt.Errorf("sequence %d after %d", e.sequence, l.received)
	}
	l.received++
	if e.route == routeClose {
		return 0, 0, nil, errLeft
	}
	if e.route == 0 || e.route > routeData {
		return 0, 0, nil, fmt.Errorf("route %d", e.route)
	}
	return e.route, e.sequence, bytes.Clone(e.data), nil
}

func (l *link) Close() error {
	// Best effort: the other side may be gone.
	_ = l.Send(routeClose, nil)
	return l.conn.Close()
}
