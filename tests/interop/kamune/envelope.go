package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The kinds of message of Kamune 0.7 that this program speaks of.
const (
	routeIdentity  = 1
	routeRequest   = 2
	routeAnswer    = 3
	routeChallenge = 5
	routeEcho      = 6
	routeText      = 7
	routeClose     = 8
	routePing      = 9
	routePong      = 10
	routeData      = 13
)

// mostData is how long the data of one envelope may be, in bytes.
const mostData = 61439

// buckets are the sizes to which an envelope is padded.
var buckets = []int{512, 1024, 4096, 16384, 32768, 65495}

// envelope is what both sides sign: data, and words about it.
type envelope struct {
	route    uint64
	sequence uint64
	metadata []byte
	data     []byte
	sign     []byte
}

// label separates these signatures from others of the same key.
const label = "kamune/transport-sign/v1"

// signed gives the bytes that the signature of e covers.
func (e *envelope) signed() []byte {
	out := binary.AppendUvarint([]byte(label), uint64(len(e.metadata)))
	return append(append(out, e.metadata...), e.data...)
}

// from says whether the owner of key signed e.
func (e *envelope) from(key ed25519.PublicKey) bool {
	return ed25519.Verify(key, e.signed(), e.sign)
}

// seal makes an envelope. Introductions have no id, all others have one.
func (p *person) seal(route, sequence uint64, data []byte) ([]byte, error) {
	if len(data) > mostData {
		return nil, fmt.Errorf("%d bytes are more than %d", len(data), mostData)
	}
	now := time.Now()
	var stamp, words []byte
	stamp = number(stamp, 1, uint64(now.Unix()))
	stamp = number(stamp, 2, uint64(now.Nanosecond()))
	if route != routeIdentity {
		words = field(words, 1, []byte(rand.Text()))
	}
	words = field(words, 2, stamp)
	words = number(words, 3, sequence)
	words = number(words, 4, route)
	e := envelope{metadata: words, data: data}
	sign := ed25519.Sign(p.secret, e.signed())
	var out []byte
	if len(data) > 0 {
		out = field(out, 1, data)
	}
	out = field(field(out, 2, sign), 3, words)
	return p.pad(out), nil
}

// pad fills out up to the next bucket, and if the person wants it, now and
// then to a later one, as often as Kamune does.
func (p *person) pad(out []byte) []byte {
	index := 0
	for index < len(buckets)-1 && buckets[index] < len(out) {
		index++
	}
	if p.bump {
		switch draw := mathrand.IntN(100); {
		case draw == 99:
			index += 3
		case draw >= 95:
			index += 2
		case draw >= 80:
			index++
		}
		index = min(index, len(buckets)-1)
	}
	room := buckets[index] - len(out)
	// One byte of tag; the length has a byte more for each factor of 128.
	filling := room - 2
	for filling > 0 && 1+protowire.SizeBytes(filling) > room {
		filling--
	}
	if filling <= 0 {
		return out
	}
	bytes := make([]byte, filling)
	_, _ = rand.Read(bytes)
	return field(out, 4, bytes)
}

// open reads an envelope; nothing of it is verified.
func open(bytes []byte) (*envelope, error) {
	parts, err := parse(bytes)
	if err != nil {
		return nil, err
	}
	e := &envelope{data: parts.bytes[1], sign: parts.bytes[2], metadata: parts.bytes[3]}
	words, err := parse(e.metadata)
	if err != nil {
		return nil, err
	}
	e.sequence, e.route = words.numbers[3], words.numbers[4]
	return e, nil
}

// message holds the last value of each field of a protobuf message.
type message struct {
	numbers map[protowire.Number]uint64
	bytes   map[protowire.Number][]byte
}

func parse(bytes []byte) (*message, error) {
	m := &message{map[protowire.Number]uint64{}, map[protowire.Number][]byte{}}
	for len(bytes) > 0 {
		tag, kind, n := protowire.ConsumeTag(bytes)
		if n < 0 {
			return nil, errors.New("no protobuf: " + protowire.ParseError(n).Error())
		}
		bytes = bytes[n:]
		switch kind {
		case protowire.VarintType:
			m.numbers[tag], n = protowire.ConsumeVarint(bytes)
		case protowire.BytesType:
			m.bytes[tag], n = protowire.ConsumeBytes(bytes)
		default:
			n = protowire.ConsumeFieldValue(tag, kind, bytes)
		}
		if n < 0 {
			return nil, errors.New("no protobuf: " + protowire.ParseError(n).Error())
		}
		bytes = bytes[n:]
	}
	return m, nil
}

// field appends a field of bytes.
func field(out []byte, tag protowire.Number, value []byte) []byte {
	out = protowire.AppendTag(out, tag, protowire.BytesType)
	return protowire.AppendBytes(out, value)
}

// number appends a field of a number; zero is left out.
func number(out []byte, tag protowire.Number, value uint64) []byte {
	if value == 0 {
		return out
	}
	out = protowire.AppendTag(out, tag, protowire.VarintType)
	return protowire.AppendVarint(out, value)
}

// wrap makes the body of every message but SessionData.
func wrap(value []byte) []byte {
	if len(value) == 0 {
		return nil
	}
	return field(nil, 1, value)
}

// unwrap is the opposite of wrap.
func unwrap(data []byte) ([]byte, error) {
	m, err := parse(data)
	if err != nil {
		return nil, err
	}
	return m.bytes[1], nil
}
