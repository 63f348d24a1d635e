package org.hearth.server.matrix.sign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The vectors are those of the specification's appendix "Cryptographic Test Vectors".
class SignaturesTest {
  private static final ServerName SERVER = ServerName.parse("domain");
  private static final SigningKey KEY =
      new SigningKey(
          KeyId.parse("ed25519:1"),
          UnpaddedBase64.decode("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1").orElseThrow());
  private static final Function<KeyId, Optional<VerifyKey>> KEYS = keys(KEY);

  @Test
  void publicKeyBelongsToTheSeed() {
    assertThat(KEY.publicKeyBase64()).isEqualTo("XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI");
    assertThat(KEY.verifyKey().base64()).isEqualTo(KEY.publicKeyBase64());
    assertThat(KEY).hasToString("ed25519:1");
  }

  /// RFC 8032, section 7.1, tests 1 to 3.
  @Test
  void agreesWithTheRfc() {
    String[][] vectors = {
      {
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
      },
      {
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
      },
      {
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
      }
    };
    HexFormat hex = HexFormat.of();
    for (String[] vector : vectors) {
      SigningKey key = new SigningKey(KeyId.ed25519("a"), hex.parseHex(vector[0]));

      byte[] signature = key.sign(hex.parseHex(vector[2]));

      assertThat(key.publicKeyBase64()).isEqualTo(UnpaddedBase64.encode(hex.parseHex(vector[1])));
      assertThat(hex.formatHex(signature)).isEqualTo(vector[3]);
      assertThat(key.verifyKey().verify(hex.parseHex(vector[2]), signature)).isTrue();
    }
  }

  @Test
  void agreesWithTheVectorsOfTheSpecification() {
    assertThat(Signatures.sign(json("{}"), "domain", KEY))
        .isEqualTo(
            json(
                """
                {"signatures": {"domain": {"ed25519:1":
                "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ"}}}
                """));
    assertThat(Signatures.sign(json("{\"one\": 1, \"two\": \"Two\"}"), "domain", KEY))
        .isEqualTo(
            json(
                """
                {"one": 1, "signatures": {"domain": {"ed25519:1":
                "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw"}},
                "two": "Two"}
                """));
  }

  /// They hold with the redaction rules of versions 1 to 10; those of later ones strip `origin`.
  @Test
  void agreesWithTheEventVectorsOfTheSpecification() {
    String minimal =
        """
        {"room_id": "!x:domain", "sender": "@a:domain", "origin": "domain",
         "origin_server_ts": 1000000, "signatures": {}, "hashes": {}, "type": "X", "content": {},
         "prev_events": [], "auth_events": [], "depth": 3, "unsigned": {"age_ts": 1000000}}
        """;
    String redactable =
        """
        {"content": {"body": "Here is the message content"}, "event_id": "$0:domain",
         "origin": "domain", "origin_server_ts": 1000000, "type": "m.room.message",
         "room_id": "!r:domain", "sender": "@u:domain", "signatures": {},
         "unsigned": {"age_ts": 1000000}}
        """;
    for (RoomVersion version : RoomVersions.all().subList(0, 10)) {
      checkVector(
          minimal,
          version,
          "5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos",
          "KxwGjPSDEtvnFgU00fwFz+l6d2pJM6XBIaMEn81SXPTRl16AqLAYqfIReFGZlHi5KLjAWbOoMszkwsQma+lYAg");
      checkVector(
          redactable,
          version,
          "onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g",
          "Wm+VzmOUOz08Ds+0NTWb1d4CZrVsJSikkeRxh6aCcUwu6pNC78FunoD7KNWzqFn241eYHYMGCA5McEiVPdhzBA");
    }
    for (RoomVersion version : RoomVersions.all().subList(10, 12)) {
      ObjectNode signed = EventSignatures.hashAndSign(json(minimal), version, SERVER, KEY);

      assertThat(signed.path("hashes").path("sha256").asText())
          .isEqualTo("5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos");
      assertThat(signed.path("signatures").path("domain").path("ed25519:1").asText())
          .doesNotStartWith("KxwGjPSD");
      assertThat(EventSignatures.verify(signed, version, SERVER, KEYS).isValid()).isTrue();
    }
  }

  private static void checkVector(
      String event, RoomVersion version, String hash, String signature) {
    ObjectNode expected = json(event);
    expected.putObject("hashes").put("sha256", hash);
    expected.putObject("signatures").putObject("domain").put("ed25519:1", signature);

    ObjectNode signed = EventSignatures.hashAndSign(json(event), version, SERVER, KEY);

    assertThat(signed).isEqualTo(expected);
    assertThat(EventSignatures.verify(signed, version, SERVER, KEYS))
        .isEqualTo(new SignatureVerdict.Valid(Set.of(KEY.id())));
  }

  @Test
  void eventSignatureHoldsForItsRedactedCopyToo() {
    ObjectNode event = json("{\"content\": {\"body\": \"x\"}, \"type\": \"m.room.message\"}");
    ObjectNode signed = EventSignatures.hashAndSign(event, RoomVersions.V12, SERVER, KEY);
    signed.putObject("content");
    signed.putObject("unsigned").put("age", 1);

    assertThat(EventSignatures.verify(signed, RoomVersions.V12, SERVER, KEYS).isValid()).isTrue();

    signed.put("type", "other");
    assertThat(EventSignatures.verify(signed, RoomVersions.V12, SERVER, KEYS))
        .isEqualTo(new SignatureVerdict.Invalid(KEY.id()));
  }

  @Test
  void signingAddsToTheSignaturesThereAre() {
    SigningKey second = key("2", 2);
    ObjectNode object = json("{\"a\": 1, \"unsigned\": {\"age\": 1}}");

    ObjectNode signed =
        Signatures.sign(
            Signatures.sign(Signatures.sign(object, "domain", KEY), "domain", second),
            "other",
            second);

    assertThat(object.has("signatures")).isFalse();
    assertThat(signed.get("unsigned")).isEqualTo(json("{\"age\": 1}"));
    assertThat(Signatures.keysOf(signed, "domain"))
        .containsExactlyInAnyOrder(KEY.id(), second.id());
    assertThat(Signatures.verify(signed, "domain", keys(KEY, second)))
        .isEqualTo(new SignatureVerdict.Valid(Set.of(KEY.id(), second.id())));
    assertThat(Signatures.verify(signed, "other", keys(second)).isValid()).isTrue();
  }

  @Test
  void unsignedAndSignaturesAreNotSigned() {
    ObjectNode signed = Signatures.sign(json("{\"a\": 1}"), "domain", KEY);
    signed.putObject("unsigned").put("x", 1);

    assertThat(Signatures.verify(signed, "domain", KEYS).isValid()).isTrue();
  }

  @Test
  void anyOtherChangeBreaksTheSignature() {
    ObjectNode signed = Signatures.sign(json("{\"a\": 1}"), "domain", KEY);
    signed.put("b", 1);

    assertThat(Signatures.verify(signed, "domain", KEYS))
        .isEqualTo(new SignatureVerdict.Invalid(KEY.id()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"signatures\": {}}",
        "{\"signatures\": 1}",
        "{\"signatures\": {\"domain\": 1}}",
        "{\"signatures\": {\"domain\": {}}}",
        "{\"signatures\": {\"domain\": {\"ed25519:1\": 1}}}",
        "{\"signatures\": {\"domain\": {\"rsa:1\": \"AAAA\", \"ed25519\": \"AAAA\"}}}",
        "{\"signatures\": {\"domain\": {\"ed25519:\": \"AAAA\"}}}",
        "{\"signatures\": {\"Domain\": {\"ed25519:1\": \"AAAA\"}}}",
      })
  void whatHasNoSignatureWeUnderstandIsUnsigned(String object) {
    assertThat(Signatures.verify(json(object), "domain", KEYS))
        .isEqualTo(new SignatureVerdict.Unsigned());
  }

  @Test
  void unknownAlgorithmsAndKeysAreSkippedIfAnotherIsRight() {
    ObjectNode signed = Signatures.sign(json("{}"), "domain", KEY);
    ((ObjectNode) signed.get("signatures").get("domain"))
        .put("rsa:1", "nonsense")
        .put("ed25519:unknown", "AAAA");

    assertThat(Signatures.verify(signed, "domain", KEYS).isValid()).isTrue();
  }

  @Test
  void keysThatAreNotKnownAreNamed() {
    ObjectNode signed = Signatures.sign(json("{}"), "domain", KEY);

    assertThat(Signatures.verify(signed, "domain", _ -> Optional.empty()))
        .isEqualTo(new SignatureVerdict.KeysUnknown(Set.of(KEY.id())));
  }

  @Test
  void oneWrongSignatureOfAKnownKeySpoilsAll() {
    SigningKey second = key("2", 2);
    ObjectNode signed = Signatures.sign(json("{}"), "domain", KEY);
    ((ObjectNode) signed.get("signatures").get("domain"))
        .put("ed25519:2", UnpaddedBase64.encode(new byte[64]));

    assertThat(Signatures.verify(signed, "domain", keys(KEY, second)))
        .isEqualTo(new SignatureVerdict.Invalid(second.id()));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 32, 63, 65, 128, 10_000})
  void signatureOfTheWrongLengthIsWrongAndThrowsNothing(int length) {
    ObjectNode signed = json("{}");
    signed
        .putObject("signatures")
        .putObject("domain")
        .put("ed25519:1", UnpaddedBase64.encode(new byte[length]));

    assertThat(Signatures.verify(signed, "domain", KEYS))
        .isEqualTo(new SignatureVerdict.Invalid(KEY.id()));
  }

  @Test
  void signatureThatIsNotBase64IsWrong() {
    ObjectNode signed = json("{\"signatures\": {\"domain\": {\"ed25519:1\": \"*\"}}}");

    assertThat(Signatures.verify(signed, "domain", KEYS))
        .isEqualTo(new SignatureVerdict.Invalid(KEY.id()));
  }

  @Test
  void everyFlippedBitOfASignatureMakesItWrong() {
    byte[] message = "message".getBytes(StandardCharsets.UTF_8);
    byte[] signature = KEY.sign(message);
    VerifyKey verify = KEY.verifyKey();

    for (int bit = 0; bit < signature.length * 8; bit++) {
      byte[] flipped = signature.clone();
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));
      assertThat(verify.verify(message, flipped)).as("bit %d", bit).isFalse();
    }
  }

  @Test
  void seedsThatAnybodyKnowsAreRefused() {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> new SigningKey(KeyId.ed25519("a"), new byte[32]));
    assertThat(VerifyKey.parse("O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik")).isEmpty();
    assertThat(VerifyKey.parse("l/O9hxMVKB6Lg+3Hqf0FQQZhVESQcMzbPN1Cz2nM3og=")).isEmpty();
  }

  @Test
  void keysThatAreNoneAreRefused() {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> new SigningKey(KeyId.ed25519("a"), new byte[31]));
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> new SigningKey(KeyId.parse("rsa:a"), seed(1)));
    assertThat(VerifyKey.parse("")).isEmpty();
    assertThat(VerifyKey.parse("*")).isEmpty();
    assertThat(VerifyKey.of(new byte[31])).isEmpty();
    assertThat(VerifyKey.of(new byte[33])).isEmpty();
    // The neutral element and other points of small order would accept signatures of anybody.
    byte[] neutral = new byte[32];
    neutral[0] = 1;
    assertThat(VerifyKey.of(neutral)).isEmpty();
    assertThat(VerifyKey.of(new byte[32])).isEmpty();
    byte[] beyond = new byte[32];
    Arrays.fill(beyond, (byte) 0xFF);
    assertThat(VerifyKey.of(beyond)).isEmpty();
  }

  private static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.getBytes(StandardCharsets.UTF_8));
  }

  private static SigningKey key(String name, long seed) {
    return new SigningKey(KeyId.ed25519(name), seed(seed));
  }

  private static byte[] seed(long seed) {
    byte[] bytes = new byte[32];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static Function<KeyId, Optional<VerifyKey>> keys(SigningKey... keys) {
    Map<KeyId, VerifyKey> byId = new java.util.HashMap<>();
    for (SigningKey key : keys) {
      byId.put(key.id(), key.verifyKey());
    }
    return id -> Optional.ofNullable(byId.get(id));
  }
}
