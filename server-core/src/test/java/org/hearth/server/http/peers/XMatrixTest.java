package org.hearth.server.http.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The `Authorization` header of other servers.
final class XMatrixTest {
  private static final String USUAL =
      "X-Matrix origin=\"a.test\",destination=\"b.test\",key=\"ed25519:k\",sig=\"AQID\"";

  @Test
  void readsWhatServersSend() {
    XMatrix read = XMatrix.parse(USUAL).orElseThrow();

    assertThat(read.origin()).isEqualTo(ServerName.parse("a.test"));
    assertThat(read.destination()).contains(ServerName.parse("b.test"));
    assertThat(read.key()).isEqualTo(KeyId.parse("ed25519:k"));
    assertThat(read.signature()).containsExactly(1, 2, 3);
  }

  static List<String> otherSpellings() {
    return List.of(
        "x-MATRIX   origin=a.test,destination=b.test,key=ed25519:k,sig=AQID",
        "X-Matrix sig=\"AQID\",KEY=\"ed25519:k\",Destination=\"b.test\",Origin=\"a.test\"",
        "X-Matrix origin=\"a.test\" ,\t destination=\"b.test\" , key=\"ed25519:k\",  sig=\"AQID\" ",
        "X-Matrix origin=\"\\a.te\\st\",destination=\"b.test\",key=\"ed25519\\:k\",sig=\"AQID\"",
        "X-Matrix origin=a.test,destination=\"b.test\",key=\"ed25519:k\",signature=\"AQID\"",
        USUAL + ",more=\"a, b=\\\"c\\\"\",yet-more=1");
  }

  @ParameterizedTest
  @MethodSource("otherSpellings")
  void readsTheSameInOtherSpellings(String header) {
    XMatrix read = XMatrix.parse(header).orElseThrow();

    assertThat(read.origin().value()).isEqualTo("a.test");
    assertThat(read.destination()).contains(ServerName.parse("b.test"));
    assertThat(read.key().value()).isEqualTo("ed25519:k");
    assertThat(read.signature()).containsExactly(1, 2, 3);
  }

  @Test
  void readsOneWithoutDestinationAndNamesWithPorts() {
    XMatrix read =
        XMatrix.parse("X-Matrix origin=\"[::1]:8448\",key=\"ed25519:k\",sig=\"AQID\"")
            .orElseThrow();

    assertThat(read.origin().value()).isEqualTo("[::1]:8448");
    assertThat(read.destination()).isEmpty();
    assertThat(XMatrix.parse("X-Matrix origin=a.test:8448,key=ed25519:k,sig=AQID")).isPresent();
  }

  static List<String> malformed() {
    return List.of(
        "",
        "X-Matrix",
        "X-Matrix ",
        "X-Matrixorigin=a.test,key=ed25519:k,sig=AQID",
        "X-Matrix\torigin=a.test,key=ed25519:k,sig=AQID",
        "Bearer abc",
        "X-Matrix origin=a.test,key=ed25519:k",
        "X-Matrix origin=a.test,sig=AQID",
        "X-Matrix key=ed25519:k,sig=AQID",
        "X-Matrix origin=a.test,origin=b.test,key=ed25519:k,sig=AQID",
        "X-Matrix origin=a.test,key=ed25519:k,sig=AQID,sig=AQID",
        "X-Matrix origin=a.test,key=ed25519:k,sig=AQID,",
        "X-Matrix origin=a.test,,key=ed25519:k,sig=AQID",
        "X-Matrix ,origin=a.test,key=ed25519:k,sig=AQID",
        "X-Matrix origin=a.test key=ed25519:k sig=AQID",
        "X-Matrix origin=a.test;key=ed25519:k;sig=AQID",
        "X-Matrix origin=,key=ed25519:k,sig=AQID",
        "X-Matrix origin=\"\",key=ed25519:k,sig=AQID",
        "X-Matrix origin,key=ed25519:k,sig=AQID",
        "X-Matrix =a.test,key=ed25519:k,sig=AQID",
        "X-Matrix or:igin=a.test,key=ed25519:k,sig=AQID",
        "X-Matrix origin=[::1],key=ed25519:k,sig=AQID",
        "X-Matrix origin=\"a.test,key=ed25519:k,sig=AQID",
        "X-Matrix origin=\"a.test\\",
        "X-Matrix origin=\"a.test\"b,key=ed25519:k,sig=AQID",
        "X-Matrix origin=\"a test\",key=ed25519:k,sig=AQID",
        "X-Matrix origin=\"a.test:99999\",key=ed25519:k,sig=AQID",
        "X-Matrix origin=\"a.test\u0001\",key=ed25519:k,sig=AQID",
        "X-Matrix origin=\"ä.test\",key=ed25519:k,sig=AQID",
        "X-Matrix origin=a.test,destination=\"\",key=ed25519:k,sig=AQID",
        "X-Matrix origin=a.test,destination=\"b test\",key=ed25519:k,sig=AQID",
        "X-Matrix origin=a.test,key=ed25519,sig=AQID",
        "X-Matrix origin=a.test,key=rsa:k,sig=AQID",
        "X-Matrix origin=a.test,key=ed25519:k,sig=\"A\"",
        "X-Matrix origin=a.test,key=ed25519:k,sig=\"!!!!\"");
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void takesNothingElse(String header) {
    assertThat(XMatrix.parse(header)).isEqualTo(Optional.empty());
  }

  /// One pass, whatever stands there.
  @Test
  void readsWhatIsAsLongAsHeadersMayBe() {
    assertThat(XMatrix.parse("X-Matrix " + "a=b,".repeat(4_000))).isEmpty();
    assertThat(XMatrix.parse("X-Matrix " + " ".repeat(16_000) + "a")).isEmpty();
    assertThat(XMatrix.parse("X-Matrix a=\"" + "\\\"".repeat(8_000))).isEmpty();
  }
}
