package org.hearth.server.matrix.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdentifiersTest {
  private static final ServerName SERVER = ServerName.parse("example.org");
  private static final String HASH = "Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg";

  /// One kind of identifier for the rules that all have in common.
  record Kind(String name, char sigil, Function<String, Record> parse) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Kind> kinds() {
    return Stream.of(
        new Kind("user", '@', UserId::parse),
        new Kind("room", '!', RoomId::parse),
        new Kind("event", '$', EventId::parse),
        new Kind("alias", '#', RoomAlias::parse));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void acceptExactly255Bytes(Kind kind) {
    String longest = kind.sigil() + "é".repeat((255 - 13) / 2) + ":example.org";

    assertThat(kind.parse().apply(longest).toString()).hasSizeLessThan(255).isEqualTo(longest);
    refused(kind, kind.sigil() + "é".repeat((255 - 13) / 2) + "a:example.org");
    refused(kind, kind.sigil() + "a".repeat(100_000) + ":example.org");
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void refuseWhatIsNoText(Kind kind) {
    refused(kind, "");
    refused(kind, kind.sigil() + "a\0b:example.org");
    refused(kind, kind.sigil() + "a\ud800b:example.org");
    refused(kind, kind.sigil() + "a\udc00:example.org");
    refused(kind, kind.sigil() + "\ud83d:example.org");
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void refuseOtherSigils(Kind kind) {
    Stream.of("@", "!", "$", "#", "", " ", "&", "+")
        .filter(sigil -> !sigil.equals(String.valueOf(kind.sigil())))
        .forEach(sigil -> refused(kind, sigil + "a:example.org"));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void refuseBadServerNames(Kind kind) {
    Stream.of(
            "", "ex ample.org", "example.org:", "example.org:99999", "a:b:c", "exämple.org", "a/b")
        .forEach(server -> refused(kind, kind.sigil() + "a:" + server));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void acceptAnyCharacterInTheLocalpart(Kind kind) {
    String odd = kind.sigil() + "Ä \u0001\n\ud83d\ude00%/\\@!#$" + ":[::1]:8448";

    assertThat(kind.parse().apply(odd).toString()).isEqualTo(odd);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void throwOnlyTheirOwnException(Kind kind) {
    long seed = 20261123;
    Random random = new Random(seed);
    String alphabet = "@!$#:.[]0aZ-_/\0\ud800\udc00é ";
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder();
      int length = random.nextInt(12);
      for (int i = 0; i < length; i++) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      try {
        assertThat(kind.parse().apply(text.toString()).toString()).isEqualTo(text.toString());
      } catch (InvalidIdentifierException e) {
        assertThat(e).as("seed %d", seed).hasMessageContaining("is not a valid ");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "matrix.org",
        "matrix.org:8888",
        "1.2.3.4",
        "1.2.3.4:1234",
        "[1234:5678::abcd]",
        "[1234:5678::abcd]:5678",
        "localhost",
        "UPPER.example",
        "xn--bcher-kva.example",
        "[::]",
        "[::1]",
        "[1::]",
        "[1:2:3:4:5:6:7:8]",
        "[1:2:3:4:5:6:7::]",
        "[::ffff:1.2.3.4]",
        "[1:2:3:4:5:6:1.2.3.4]",
        "a:0",
        "a:65535",
        "1.2.3",
        "1.2.3.4.5",
      })
  void serverNameAcceptsTheGrammar(String name) {
    assertThat(ServerName.parse(name).value()).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":80",
        "a:",
        "a:b",
        "a:65536",
        "a:123456",
        "a:-1",
        "a:+1",
        "a:١",
        "a b",
        "a_b",
        "a/b",
        "a?b",
        "a@b",
        "bücher.example",
        "256.1.1.1",
        "1.2.3.1234",
        "1..2.3",
        "[",
        "[]",
        "[:]",
        "[::1",
        "::1",
        "[:::]",
        "[1::2::3]",
        "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:8:9]",
        "[1:2:3:4:5:6:7:8::]",
        "[12345::]",
        "[g::]",
        "[1:]",
        "[:1]",
        "[::1]x",
        "[::1]]",
        "[fe80::1%25eth0]",
        "[::1.2.3]",
        "[::1.2.3.256]",
        "[1:2:3:4:5:6:7:1.2.3.4]",
        "[::1.2.3.4:5]",
        "[٣::]",
        "\0",
      })
  void serverNameRefusesAllElse(String name) {
    assertThatExceptionOfType(InvalidIdentifierException.class)
        .isThrownBy(() -> ServerName.parse(name));
  }

  @Test
  void serverNameTellsHostAndPort() {
    assertThat(ServerName.parse("[::1]:5678").host()).isEqualTo("[::1]");
    assertThat(ServerName.parse("[::1]:5678").port()).hasValue(5678);
    assertThat(ServerName.parse("[::1]").host()).isEqualTo("[::1]");
    assertThat(ServerName.parse("[::1]").port()).isEmpty();
    assertThat(ServerName.parse("example.org").port()).isEmpty();
    assertThat(ServerName.parse("example.org:1").host()).isEqualTo("example.org");
  }

  @Test
  void serverNamesAreCaseSensitive() {
    assertThat(UserId.parse("@user:matrix.org")).isNotEqualTo(UserId.parse("@user:MATRIX.ORG"));
  }

  @Test
  void userIdHasParts() {
    UserId user = UserId.parse("@alice:example.org:8448");

    assertThat(user.localpart()).isEqualTo("alice");
    assertThat(user.server()).isEqualTo(ServerName.parse("example.org:8448"));
    assertThat(user.isOn(ServerName.parse("example.org:8448"))).isTrue();
    assertThat(user.isOn(SERVER)).isFalse();
    assertThat(UserId.parse("@a:xexample.org").isOn(SERVER)).isFalse();
    assertThat(UserId.parse("@:example.org").isOn(SERVER)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"alice", "0", "a.b_c=d-e/f+g", "=", "/"})
  void newUsersMayHave(String localpart) {
    assertThat(UserId.create(localpart, SERVER).isStrict()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Alice", "a b", "a:b", "ä", "a*", "a\0", "a\n", "a%", "@a"})
  void newUsersMayNotHave(String localpart) {
    assertThatExceptionOfType(InvalidIdentifierException.class)
        .isThrownBy(() -> UserId.create(localpart, SERVER));
  }

  @Test
  void historicalUserIdsAreAcceptedFromPeers() {
    assertThat(UserId.parse("@Alice!*:example.org").isStrict()).isFalse();
    assertThat(UserId.parse("@Alice!*:example.org").isForwardable()).isTrue();
    assertThat(UserId.parse("@:example.org").isForwardable()).isFalse();
    assertThat(UserId.parse("@a b:example.org").isForwardable()).isFalse();
    assertThat(UserId.parse("@é:example.org").isForwardable()).isFalse();
    assertThat(UserId.parse("@a\u007f:example.org").isForwardable()).isFalse();
  }

  @Test
  void roomIdsHaveADomainOrAHash() {
    assertThat(RoomId.parse("!abc:example.org").server()).contains(SERVER);
    assertThat(RoomId.parse("!abc:example.org").isHash()).isFalse();
    assertThat(RoomId.parse("!" + HASH).server()).isEmpty();
    assertThat(RoomId.parse("!" + HASH).isHash()).isTrue();
    assertThat(RoomId.ofCreateEvent(EventId.parse("$" + HASH))).isEqualTo(RoomId.parse("!" + HASH));
    for (String bad : new String[] {"!", "!a b", "!a+b/c", "!ä"}) {
      assertThatExceptionOfType(InvalidIdentifierException.class)
          .isThrownBy(() -> RoomId.parse(bad));
    }
  }

  @Test
  void eventIdsHaveThreeShapes() {
    EventId assigned = EventId.parse("$a4ecee13e2accdadf56c1025:example.com");
    EventId base64 = EventId.parse("$acR1l0raoZnm60CBwAVgqbZqoO/mYU81xysh1u7XcJk");
    EventId urlSafe = EventId.parse("$" + HASH);

    assertThat(assigned.hasServer()).isTrue();
    assertThat(assigned.isBase64Hash() || assigned.isUrlSafeHash()).isFalse();
    assertThat(base64.isBase64Hash()).isTrue();
    assertThat(base64.hasServer() || base64.isUrlSafeHash()).isFalse();
    assertThat(urlSafe.isUrlSafeHash()).isTrue();
    assertThat(urlSafe.hasServer() || urlSafe.isBase64Hash()).isFalse();
    assertThat(EventId.parse("$" + HASH + "A").isUrlSafeHash()).isFalse();
    assertThatExceptionOfType(InvalidIdentifierException.class)
        .isThrownBy(() -> EventId.parse("$"));
    assertThatExceptionOfType(InvalidIdentifierException.class)
        .isThrownBy(() -> EventId.parse("$:example.org"));
    assertThatExceptionOfType(InvalidIdentifierException.class)
        .isThrownBy(() -> EventId.parse("$" + "a".repeat(10 * 1024)));
  }

  @Test
  void roomAliasHasParts() {
    RoomAlias alias = RoomAlias.create("hall", SERVER);

    assertThat(alias.value()).isEqualTo("#hall:example.org");
    assertThat(alias.localpart()).isEqualTo("hall");
    assertThat(alias.server()).isEqualTo(SERVER);
    assertThatExceptionOfType(InvalidIdentifierException.class)
        .isThrownBy(() -> RoomAlias.create("a:b", SERVER));
    assertThatExceptionOfType(InvalidIdentifierException.class)
        .isThrownBy(() -> RoomAlias.parse("#:example.org"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mxc://",
        "mxc:///a",
        "mxc://example.org",
        "mxc://example.org/",
        "mxc://example.org/a/b",
        "mxc://example.org/..",
        "mxc://example.org/a%2fb",
        "mxc://example.org/a?b",
        "mxc://exa mple/a",
        "https://example.org/a",
        "MXC://example.org/a",
      })
  void mxcUriRefuses(String text) {
    assertThatExceptionOfType(InvalidIdentifierException.class)
        .isThrownBy(() -> MxcUri.parse(text));
  }

  @Test
  void mxcUriHasParts() {
    MxcUri uri = MxcUri.create(ServerName.parse("[::1]:80"), "Ab_-9");

    assertThat(uri.value()).isEqualTo("mxc://[::1]:80/Ab_-9");
    assertThat(uri.server()).isEqualTo(ServerName.parse("[::1]:80"));
    assertThat(uri.mediaId()).isEqualTo("Ab_-9");
  }

  @Test
  void keyIdHasParts() {
    assertThat(KeyId.parse("ed25519:a:b").algorithm()).isEqualTo("ed25519");
    assertThat(KeyId.parse("ed25519:a:b").identifier()).isEqualTo("a:b");
    assertThat(KeyId.ed25519("auto").value()).isEqualTo("ed25519:auto");
    for (String bad :
        new String[] {"", "ed25519", "ed25519:", ":a", "ed25519:" + "a".repeat(255)}) {
      assertThatExceptionOfType(InvalidIdentifierException.class)
          .isThrownBy(() -> KeyId.parse(bad));
    }
  }

  @Test
  void deviceIdRefusesWhatCannotBeShown() {
    assertThat(DeviceId.parse("Küche 1").value()).isEqualTo("Küche 1");
    for (String bad : new String[] {"", "a\0", "a\n", "\ud800", "a".repeat(256)}) {
      assertThatExceptionOfType(InvalidIdentifierException.class)
          .isThrownBy(() -> DeviceId.parse(bad));
    }
  }

  @Test
  void messageOfARefusalIsShortAndPlain() {
    assertThatExceptionOfType(InvalidIdentifierException.class)
        .isThrownBy(() -> UserId.parse("evil\n\u001b[31m" + "x".repeat(1_000_000)))
        .satisfies(e -> {
          assertThat(e.getMessage()).hasSizeLessThan(200).doesNotContain("\n", "\u001b");
        });
  }

  private static void refused(Kind kind, String text) {
    assertThatExceptionOfType(InvalidIdentifierException.class)
        .as(text)
        .isThrownBy(() -> kind.parse().apply(text));
  }

  @ParameterizedTest
  @CsvSource({
    "example.org, example.org",
    "a.b.Example.ORG:8448, example.org",
    "localhost:1, localhost",
    "192.0.2.7:8448, 192.0.2.7",
    "'[2001:db8::1]:8448', '[2001:db8::1]'"
  })
  void aSiteIsTheLastTwoLabelsOrTheAddress(String name, String site) {
    assertThat(ServerName.parse(name).site()).isEqualTo(site);
  }
}
