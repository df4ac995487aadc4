package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/mlkem"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/kamune-org/kamune/pkg/exchange"
)

// What Kamune 0.7.0 did, in hexadecimal; its README says more.
type vectors struct {
	Connection struct {
		Initiator      party    `json:"initiator"`
		Responder      party    `json:"responder"`
		ToInitiator    channel  `json:"hpke_to_initiator"`
		ToResponder    channel  `json:"hpke_to_responder"`
		Seed           string   `json:"mlkem_seed"`
		Request        offered  `json:"request"`
		Answer         offered  `json:"answer"`
		ID             string   `json:"session_id"`
		KeyInitiator   string   `json:"key_initiator"`
		KeyResponder   string   `json:"key_responder"`
		ChallengeFirst string   `json:"challenge_initiator"`
		ChallengeLast  string   `json:"challenge_responder"`
		Frames         []traced `json:"frames"`
	} `json:"connection"`
	Envelopes struct {
		Seed  string  `json:"seed"`
		Cases []inner `json:"cases"`
	} `json:"envelopes"`
	Sizes []struct {
		Text     int    `json:"text_bytes"`
		Envelope int    `json:"envelope_bytes"`
		Base     int    `json:"base_bytes"`
		Refused  string `json:"refused"`
	} `json:"sizes"`
	Versions []struct {
		Version  string `json:"version"`
		Accepted bool   `json:"accepted"`
	} `json:"versions"`
}

type party struct {
	Name   string `json:"name"`
	Seed   string `json:"seed"`
	Public string `json:"public_key"`
}

type channel struct {
	Seed string `json:"recipient_seed"`
	Enc  string `json:"enc"`
}

type offered struct {
	Key  string `json:"key"`
	Salt string `json:"salt"`
	Half string `json:"session_key"`
}

type traced struct {
	From  string `json:"from"`
	Frame string `json:"frame"`
	Inner *inner `json:"envelope"`
}

type inner struct {
	Name     string `json:"name"`
	Data     string `json:"data"`
	Metadata string `json:"metadata"`
	Sign     string `json:"signature"`
	Signed   string `json:"signed"`
	Whole    string `json:"envelope"`
	Route    uint64 `json:"route"`
	Sequence uint64 `json:"sequence"`
}

func load(t *testing.T) *vectors {
	t.Helper()
	text, err := os.ReadFile("../../../vectors/channel/go.json")
	if err != nil {
		t.Fatal(err)
	}
	v := &vectors{}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func raw(t *testing.T, text string) []byte {
	t.Helper()
	out, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (o *offered) half(t *testing.T) *half {
	return &half{raw(t, o.Key), raw(t, o.Salt), o.Half}
}

func same(t *testing.T, what, wanted string, got []byte) {
	t.Helper()
	if hex.EncodeToString(got) != wanted {
		t.Errorf("%s is not that of Kamune", what)
	}
}

// replay gives one side what it received then.
type replay struct{ frames [][]byte }

func (r *replay) ReadBytes() ([]byte, error) {
	if len(r.frames) == 0 {
		return nil, fmt.Errorf("no more frames")
	}
	frame := r.frames[0]
	r.frames = r.frames[1:]
	return frame, nil
}

func (r *replay) WriteBytes([]byte) error { return nil }

var _ exchange.ReadWriter = (*replay)(nil)

// opens opens what one side received in the exchange, with its HPKE key.
func (c *channel) opens(t *testing.T) *hpke.Recipient {
	t.Helper()
	key, err := hpke.MLKEM768X25519().NewPrivateKey(raw(t, c.Seed))
	if err != nil {
		t.Fatal(err)
	}
	opens, err := hpke.NewRecipient(raw(t, c.Enc), key, hpke.HKDFSHA512(), hpke.ChaCha20Poly1305(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return opens
}

func TestEveryFrameOfAConnectionOpens(t *testing.T) {
	v := load(t)
	c := &v.Connection
	own, err := mlkem.NewDecapsulationKey768(raw(t, c.Seed))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := own.Decapsulate(raw(t, c.Answer.Key))
	if err != nil {
		t.Fatal(err)
	}
	keys := derive(secret, c.Request.half(t), c.Answer.half(t))
	same(t, "the key of the initiator", c.KeyInitiator, keys.client)
	same(t, "the key of the responder", c.KeyResponder, keys.server)
	same(t, "the first challenge", c.ChallengeFirst, keys.first)
	same(t, "the second challenge", c.ChallengeLast, keys.second)
	if keys.id != c.ID {
		t.Errorf("the id is %s, not %s", keys.id, c.ID)
	}
	for _, from := range []struct {
		role  string
		party party
		hpke  *hpke.Recipient
		key   []byte
	}{
		{"initiator", c.Initiator, c.ToResponder.opens(t), keys.client},
		{"responder", c.Responder, c.ToInitiator.opens(t), keys.server},
	} {
		frames := &replay{}
		me := &person{name: "test", accept: true}
		var other *stranger
		var got *link
		for number, f := range c.Frames[3:] {
			if f.From != from.role {
				continue
			}
			frame := raw(t, f.Frame)
			if number < 8 {
				if frame, err = from.hpke.Open(nil, frame); err != nil {
					t.Fatalf("frame %d: %v", number+4, err)
				}
			}
			frames.frames = append(frames.frames, frame)
			switch f.Inner.Route {
			case routeIdentity:
				if other, err = me.meet(frames); err != nil {
					t.Fatal(err)
				}
				same(t, "the identity", from.party.Public, other.public)
				if other.name != from.party.Name {
					t.Errorf("the name is %q", other.name)
				}
				got = newLink(frames, me, other, keys.id, from.key, from.key)
			case routeRequest, routeAnswer:
				if _, err := other.offered(frames, f.Inner.Route); err != nil {
					t.Fatal(err)
				}
			case routeClose:
				if _, _, _, err := got.Receive(); err != errLeft {
					t.Errorf("the farewell is %v", err)
				}
			default:
				route, sequence, data, err := got.Receive()
				if err != nil {
					t.Fatalf("frame %d: %v", number+4, err)
				}
				same(t, "a message", f.Inner.Data, data)
				if route != f.Inner.Route || sequence != f.Inner.Sequence {
					t.Errorf("route %d, sequence %d", route, sequence)
				}
			}
		}
	}
	if len(c.Frames) != 20 {
		t.Errorf("%d frames", len(c.Frames))
	}
}

func TestEnvelopesAreSignedAlike(t *testing.T) {
	v := load(t)
	secret := ed25519.NewKeyFromSeed(raw(t, v.Envelopes.Seed))
	for _, c := range v.Envelopes.Cases {
		e, err := open(raw(t, c.Whole))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "what is signed of "+c.Name, c.Signed, e.signed())
		same(t, "the signature of "+c.Name, c.Sign, ed25519.Sign(secret, e.signed()))
		if !bytes.Equal(e.metadata, raw(t, c.Metadata)) || e.route != c.Route || e.sequence != c.Sequence {
			t.Errorf("%s has other metadata", c.Name)
		}
	}
	if len(v.Envelopes.Cases) != 5 {
		t.Errorf("%d envelopes", len(v.Envelopes.Cases))
	}
}

func TestSizesAndVersionsAreJudgedAlike(t *testing.T) {
	v := load(t)
	me := &person{secret: ed25519.NewKeyFromSeed(make([]byte, 32))}
	for _, c := range v.Sizes {
		_, err := me.seal(routeText, 3, wrap(make([]byte, c.Text)))
		if (err != nil) != (c.Refused != "") {
			t.Errorf("a text of %d bytes: %v", c.Text, err)
		}
		if padded := len(me.pad(make([]byte, c.Base))); err == nil && padded != c.Envelope {
			t.Errorf("%d bytes are padded to %d, not %d", c.Base, padded, c.Envelope)
		}
	}
	for _, c := range v.Versions {
		if compatible(c.Version) != c.Accepted {
			t.Errorf("version %q", c.Version)
		}
	}
	if len(v.Sizes) != 43 || len(v.Versions) != 18 {
		t.Errorf("%d sizes, %d versions", len(v.Sizes), len(v.Versions))
	}
}
