package org.hearth.server.services.serverkeys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.SigningKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is believed of what a server says of its keys.
class KeyAnswerTest {
  private static final ServerName PEER = new ServerName("peer.test");
  private static final ServerName OTHER = new ServerName("other.test");
  private static final long NOW = 1_700_000_000_000L;
  private static final long LATER = NOW + 3_600_000;
  private static final SigningKey KEY = KeyAnswers.key("a_1", 1);
  private static final SigningKey OLD = KeyAnswers.key("a_0", 2);

  private static KeyReading read(ObjectNode json) {
    return KeyAnswer.read(PEER, KeyAnswers.bytes(json), NOW);
  }

  private static Map<KeyId, PublishedKey> keys(KeyReading reading) {
    assertThat(reading).isInstanceOf(KeyAnswer.class);
    return ((KeyAnswer) reading).keys();
  }

  private static ObjectNode plain() {
    return KeyAnswers.unsigned(PEER, LATER, KEY);
  }

  private static ObjectNode signed(ObjectNode json) {
    return KeyAnswers.signed(json, "peer.test", KEY);
  }

  private static ObjectNode verifyKeys(ObjectNode json) {
    return (ObjectNode) json.path("verify_keys");
  }

  @Test
  void keysAreGoodForWhatTheirServerSays() {
    KeyReading reading = read(signed(KeyAnswers.with(plain(), OLD, NOW - 5)));

    assertThat(keys(reading))
        .isEqualTo(
            Map.of(
                KEY.id(),
                new PublishedKey.Current(KEY.verifyKey(), LATER),
                OLD.id(),
                new PublishedKey.Old(OLD.verifyKey(), NOW - 5)));
  }

  /// "Servers MUST use the lesser of this field and 7 days into the future".
  @Test
  void noKeyIsValidForLongerThanSevenDays() {
    long week = Duration.ofDays(7).toMillis();

    for (long said : new long[] {NOW + week + 1, NOW + 1000 * week, (1L << 53) - 1}) {
      assertThat(keys(read(KeyAnswers.answer(PEER, said, KEY))))
          .containsEntry(KEY.id(), new PublishedKey.Current(KEY.verifyKey(), NOW + week));
    }
  }

  @Test
  void aServerMayHaveNoOldKeys() {
    for (boolean there : new boolean[] {true, false}) {
      ObjectNode json = plain();
      json.remove("old_verify_keys");
      if (there) {
        json.putNull("old_verify_keys");
      }
      assertThat(keys(read(signed(json)))).containsOnlyKeys(KEY.id());
    }
  }

  @Test
  void aKeyThatIsCurrentAndOldIsOld() {
    SigningKey both = KeyAnswers.key("a_2", 3);
    ObjectNode json = KeyAnswers.unsigned(PEER, LATER, KEY, both);

    assertThat(keys(read(signed(KeyAnswers.with(json, both, NOW)))))
        .containsEntry(both.id(), new PublishedKey.Old(both.verifyKey(), NOW));
  }

  /// Signs nothing, and keeps its neighbours from nothing.
  @Test
  void whatIsNoEd25519KeyIsPassedOver() {
    ObjectNode json = plain();
    ObjectNode keys = verifyKeys(json);
    keys.putObject("ed25519:short").put("key", "AAAA");
    keys.putObject("ed25519:long").put("key", KEY.publicKeyBase64() + "AAAA");
    keys.putObject("ed25519:huge").put("key", "A".repeat(10_000));
    keys.putObject("ed25519:not_base64").put("key", "!".repeat(43));
    keys.putObject("ed25519:url_safe").put("key", "-_".repeat(21) + "A");
    keys.putObject("ed25519:no_text").put("key", 7);
    keys.putObject("ed25519:no_key");
    keys.put("ed25519:no_object", KEY.publicKeyBase64());
    keys.putObject("ed25519:bad name").put("key", OLD.publicKeyBase64());
    keys.putObject("ed25519:a-1").put("key", OLD.publicKeyBase64());
    keys.putObject("ed25519:").put("key", OLD.publicKeyBase64());
    keys.putObject("rsa4096:1").put("key", OLD.publicKeyBase64());
    keys.putObject("nonsense").put("key", OLD.publicKeyBase64());
    // No point of the curve; and a key whose private half everybody knows (CVE-2026-24044).
    keys.putObject("ed25519:no_point").put("key", "/".repeat(42) + "8");
    keys.putObject("ed25519:known").put("key", "l/O9hxMVKB6Lg+3Hqf0FQQZhVESQcMzbPN1Cz2nM3og");

    assertThat(keys(read(signed(json)))).containsOnlyKeys(KEY.id());
  }

  @Test
  void anOldKeyWithoutATimeIsPassedOver() {
    ObjectNode json = plain();
    ObjectNode old = (ObjectNode) json.path("old_verify_keys");
    old.putObject("ed25519:none").put("key", OLD.publicKeyBase64());
    old.putObject("ed25519:text").put("key", OLD.publicKeyBase64()).put("expired_ts", "1");
    old.putObject("ed25519:minus").put("key", OLD.publicKeyBase64()).put("expired_ts", -1);

    assertThat(keys(read(signed(json)))).containsOnlyKeys(KEY.id());
  }

  record Hostile(String what, Supplier<byte[]> bytes) {
    static Hostile json(String what, Supplier<ObjectNode> json) {
      return new Hostile(what, () -> KeyAnswers.bytes(json.get()));
    }

    static Hostile changed(String what, java.util.function.Consumer<ObjectNode> change) {
      return json(
          what,
          () -> {
            ObjectNode json = plain();
            change.accept(json);
            return signed(json);
          });
    }

    static Hostile text(String what, String text) {
      return new Hostile(what, () -> text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
      return what;
    }
  }

  static Stream<Hostile> hostile() {
    return Stream.of(
        Hostile.json("another server's", () -> KeyAnswers.answer(OTHER, LATER, KEY)),
        Hostile.json(
            "the server's name in capitals",
            () -> KeyAnswers.answer(new ServerName("PEER.test"), LATER, KEY)),
        Hostile.changed("no server", json -> json.remove("server_name")),
        Hostile.changed("a server that is a number", json -> json.put("server_name", 7)),
        Hostile.json("not signed", KeyAnswerTest::plain),
        Hostile.json(
            "signed by another server", () -> KeyAnswers.signed(plain(), "other.test", KEY)),
        Hostile.json(
            "signed by another key of that name",
            () -> KeyAnswers.signed(plain(), "peer.test", KeyAnswers.key("a_1", 9))),
        Hostile.json(
            "signed by a key that it has not", () -> KeyAnswers.signed(plain(), "peer.test", OLD)),
        Hostile.json(
            "signed by an old key only",
            () -> KeyAnswers.signed(KeyAnswers.with(plain(), OLD, NOW), "peer.test", OLD)),
        Hostile.json(
            "one of two signatures is wrong",
            () -> {
              SigningKey second = KeyAnswers.key("a_2", 3);
              return KeyAnswers.signed(
                  KeyAnswers.unsigned(PEER, LATER, KEY, second),
                  "peer.test",
                  KEY,
                  KeyAnswers.key("a_2", 4));
            }),
        Hostile.json(
            "changed after it was signed", () -> signed(plain()).put("valid_until_ts", LATER + 1)),
        Hostile.changed("no time", json -> json.remove("valid_until_ts")),
        Hostile.changed("a time that is a text", json -> json.put("valid_until_ts", "" + LATER)),
        Hostile.changed("a time before time", json -> json.put("valid_until_ts", -1)),
        Hostile.json(
            "a time beyond JSON", () -> signed(plain()).put("valid_until_ts", Long.MAX_VALUE)),
        Hostile.json("what has no canonical form", () -> signed(plain()).put("more", 1.5)),
        Hostile.changed("no keys", json -> json.remove("verify_keys")),
        Hostile.changed("keys that are a list", json -> json.putArray("verify_keys")),
        Hostile.changed("old keys that are a list", json -> json.putArray("old_verify_keys")),
        Hostile.changed(
            "no key that can be used",
            json -> verifyKeys(json).removeAll().putObject("rsa:1").put("key", "AAAA")),
        Hostile.changed(
            "101 keys",
            json -> {
              for (int i = 0; i < 100; i++) {
                verifyKeys(json).putObject("ed25519:k" + i).put("key", OLD.publicKeyBase64());
              }
            }),
        Hostile.changed("more than 64 KiB", json -> json.put("more", "x".repeat(66_000))),
        Hostile.text("nothing", ""),
        Hostile.text("no JSON", "<html>"),
        Hostile.text("a list", "[]"),
        Hostile.json(
            "the example of the specification, whose key is none",
            () -> {
              ObjectNode json = plain();
              verifyKeys(json)
                  .putObject("ed25519:a_1")
                  .put("key", "VGhpcyBzaG91bGQgYmUgYSByZWFsIGVkMjU1MTkgcGF5bG9hZA");
              return signed(json);
            }),
        new Hostile(
            "a key twice",
            () -> {
              String once = new String(KeyAnswers.bytes(signed(plain())), StandardCharsets.UTF_8);
              return once.replaceFirst("\\{", "{\"server_name\":\"peer.test\",")
                  .getBytes(StandardCharsets.UTF_8);
            }),
        new Hostile(
            "bytes that are no text",
            () -> {
              byte[] bytes = new byte[100];
              Arrays.fill(bytes, (byte) 0xff);
              return bytes;
            }),
        Hostile.text("a hundred thousand levels", "{\"a\":" + "[".repeat(50_000)));
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void isRefused(Hostile hostile) {
    assertThat(KeyAnswer.read(PEER, hostile.bytes().get(), NOW)).isInstanceOf(Refused.class);
  }
}
