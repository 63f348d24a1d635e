package org.hearth.server.matrix.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnpaddedBase64Test {
  /// The examples of the specification.
  @ParameterizedTest
  @CsvSource({
    "'', ''",
    "f, Zg",
    "fo, Zm8",
    "foo, Zm9v",
    "foob, Zm9vYg",
    "fooba, Zm9vYmE",
    "foobar, Zm9vYmFy",
  })
  void agreesWithTheExamplesOfTheSpecification(String text, String base64) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);

    assertThat(UnpaddedBase64.encode(bytes)).isEqualTo(base64);
    assertThat(UnpaddedBase64.decode(base64))
        .hasValueSatisfying(b -> assertThat(b).isEqualTo(bytes));
  }

  @Test
  void acceptsPadding() {
    assertThat(UnpaddedBase64.decode("Zm8=")).isPresent();
  }

  @Test
  void acceptsTrailingBitsThatAreNotZero() {
    assertThat(UnpaddedBase64.decode("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1"))
        .hasValueSatisfying(bytes -> assertThat(bytes).hasSize(32));
  }

  @Test
  void refusesWhatIsNotBase64() {
    for (String text : new String[] {"a", "Z g", "Zm8-", "Zm_v", "é", "Zg=", "Z===", "\n"}) {
      assertThat(UnpaddedBase64.decode(text)).as(text).isEmpty();
    }
  }

  @Test
  void urlSafeHasItsOwnAlphabet() {
    byte[] bytes = HexFormat.of().parseHex("fbff");

    assertThat(UnpaddedBase64.encode(bytes)).isEqualTo("+/8");
    assertThat(UnpaddedBase64.encodeUrlSafe(bytes)).isEqualTo("-_8");
  }
}
