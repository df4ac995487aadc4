package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kamune-org/kamune"
	"github.com/kamune-org/kamune/pkg/exchange"
)

// handshakeLasts is how long a handshake may take, its verification included.
const handshakeLasts = 30 * time.Second

// person is who this program plays.
type person struct {
	name    string
	version string
	secret  ed25519.PrivateKey
	// accept is false for somebody who refuses everyone.
	accept bool
	// bump pads to larger buckets at random.
	bump bool
}

// public gives the person's identity key as others get it.
func (p *person) public() ([]byte, error) {
	return x509.MarshalPKIXPublicKey(p.secret.Public())
}

// stranger is who the other side says to be.
type stranger struct {
	name    string
	version string
	public  []byte
	key     ed25519.PublicKey
}

// dialSession makes a session on a new connection, as its initiator.
func dialSession(conn kamune.Conn, me *person) (session, error) {
	_ = conn.SetDeadline(time.Now().Add(handshakeLasts))
	channel, err := exchange.Initiate(conn)
	if err != nil {
		return nil, fmt.Errorf("exchange: %w", err)
	}
	if err := me.introduce(channel); err != nil {
		return nil, fmt.Errorf("introduction: %w", err)
	}
	other, err := me.meet(channel)
	if err != nil {
		return nil, fmt.Errorf("introduction: %w", err)
	}
	own, err := mlkem.GenerateKey768()
	if err != nil {
		return nil, err
	}
	request := offer(own.EncapsulationKey().Bytes())
	if err := me.write(channel, routeRequest, request.encode()); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	answer, err := other.offered(channel, routeAnswer)
	if err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	secret, err := own.Decapsulate(answer.key)
	if err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	keys := derive(secret, request, answer)
	link := newLink(channel, me, other, keys.id, keys.client, keys.server)
	if err := link.challenge(keys.first); err != nil {
		return nil, fmt.Errorf("challenge: %w", err)
	}
	if err := link.echo(); err != nil {
		return nil, fmt.Errorf("challenge: %w", err)
	}
	return link.onto(conn), nil
}

// serveSession makes a session on an accepted connection, as its responder.
func serveSession(conn kamune.Conn, me *person) (session, error) {
	_ = conn.SetDeadline(time.Now().Add(handshakeLasts))
	channel, err := exchange.Accept(conn)
	if err != nil {
		return nil, fmt.Errorf("exchange: %w", err)
	}
	other, err := me.meet(channel)
	if err != nil {
		return nil, fmt.Errorf("introduction: %w", err)
	}
	if err := me.introduce(channel); err != nil {
		return nil, fmt.Errorf("introduction: %w", err)
	}
	request, err := other.offered(channel, routeRequest)
	if err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	theirs, err := mlkem.NewEncapsulationKey768(request.key)
	if err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	secret, sealed := theirs.Encapsulate()
	answer := offer(sealed)
	if err := me.write(channel, routeAnswer, answer.encode()); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	keys := derive(secret, request, answer)
	link := newLink(channel, me, other, keys.id, keys.server, keys.client)
	if err := link.echo(); err != nil {
		return nil, fmt.Errorf("challenge: %w", err)
	}
	if err := link.challenge(keys.second); err != nil {
		return nil, fmt.Errorf("challenge: %w", err)
	}
	return link.onto(conn), nil
}

func (p *person) write(to exchange.ReadWriter, route uint64, data []byte) error {
	bytes, err := p.seal(route, 0, data)
	if err != nil {
		return err
	}
	return to.WriteBytes(bytes)
}

func (p *person) introduce(to exchange.ReadWriter) error {
	public, err := p.public()
	if err != nil {
		return err
	}
	data := field(nil, 1, []byte(p.name))
	data = field(field(data, 2, public), 3, []byte(p.version))
	return p.write(to, routeIdentity, data)
}

// meet reads an introduction and judges it.
func (p *person) meet(from exchange.ReadWriter) (*stranger, error) {
	bytes, err := from.ReadBytes()
	if err != nil {
		return nil, err
	}
	e, err := open(bytes)
	if err != nil {
		return nil, err
	}
	if e.route != routeIdentity {
		return nil, fmt.Errorf("route %d is no introduction", e.route)
	}
	words, err := parse(e.data)
	if err != nil {
		return nil, err
	}
	other := &stranger{
		name:    string(words.bytes[1]),
		version: string(words.bytes[3]),
		public:  words.bytes[2],
	}
	key, err := x509.ParsePKIXPublicKey(other.public)
	if err != nil {
		return nil, err
	}
	var right bool
	if other.key, right = key.(ed25519.PublicKey); !right {
		return nil, errors.New("not an Ed25519 key")
	}
	if !e.from(other.key) {
		return nil, errBadSignature
	}
	if !compatible(other.version) {
		return nil, fmt.Errorf("version mismatch: %q", other.version)
	}
	if !p.accept {
		return nil, errors.New("identity refused")
	}
	return other, nil
}

var errBadSignature = errors.New("the signature does not verify")

// compatible says whether 0.7 speaks with this version.
func compatible(version string) bool {
	parts := strings.Split(version, ".")
	if len(parts) != 3 {
		return false
	}
	for i, wanted := range []int{0, 7, -1} {
		got, err := strconv.Atoi(parts[i])
		if err != nil || wanted >= 0 && got != wanted {
			return false
		}
	}
	return true
}

// half is what one side gives to the handshake: a key or what answers it, a
// salt, and a half of the session's id.
type half struct {
	key  []byte
	salt []byte
	id   string
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

func offer(key []byte) *half {
	random := make([]byte, 16+12)
	_, _ = rand.Read(random)
	id := random[16:]
	for i := range id {
		id[i] = alphabet[id[i]%32]
	}
	return &half{key, random[:16], string(id)}
}

func (h *half) encode() []byte {
	out := field(field(nil, 1, h.key), 2, h.salt)
	return field(out, 3, []byte(h.id))
}

// offered reads the half of the other side.
func (s *stranger) offered(from exchange.ReadWriter, route uint64) (*half, error) {
	read, err := from.ReadBytes()
	if err != nil {
		return nil, err
	}
	e, err := open(read)
	if err != nil {
		return nil, err
	}
	if !e.from(s.key) {
		return nil, errBadSignature
	}
	if e.route != route {
		return nil, fmt.Errorf("route %d instead of %d", e.route, route)
	}
	m, err := parse(e.data)
	if err != nil {
		return nil, err
	}
	h := &half{m.bytes[1], m.bytes[2], string(m.bytes[3])}
	wrong := bytes.Trim(m.bytes[3], alphabet)
	if len(h.salt) != 16 || len(h.id) != 12 || len(wrong) > 0 {
		return nil, errors.New("a salt or a half of an id of the wrong form")
	}
	return h, nil
}
