package org.hearth.server.matrix.push;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Words that are looked up, where globs would be run over the text.
class EventBodyTest {
  @ParameterizedTest
  @CsvSource({
    "cake, I like CAKE., true",
    "CAKE, i like cake, true",
    "cake, cakes, false",
    "cake, cup_cake, false",
    "cake, cup-cake, true",
    "cake, cupécake, true",
    "cake, cake, true",
    "cake, '', false",
    "größe, die GRÖSSE und die Größe, true",
    "größe, Größen, false",
    "two words, those two words there, true",
    "two words, those two wordsthere, false",
    "kelvin, 273 \u212Aelvin, true",
    "abc, abc\u212Adef, true",
    "abc, xabc\u212Adef, false",
    "ca?e, a CASE here, true",
    "c*e, a cake, true",
    "c*e, a cakes, false",
    "*, anything, true",
    "'', anything, true",
  })
  void wordsAreFound(String pattern, String text, boolean found) {
    assertThat(new EventBody(text).has(Glob.of(pattern))).isEqualTo(found);
  }

  /// Among the letters are those whose other case is an ASCII letter.
  @Test
  void agreesWithGlobsThatAreRun() {
    String letters = "aAbBkKsi_1 .-é\u212A\u017F\u0130\u0131\u00DF";
    for (long seed = 1; seed <= 20_000; seed++) {
      Random random = new Random(seed);
      String text = text(random, seed % 2 == 0 ? "aAbBkKs_1 .-é" : letters, 12);
      Glob glob = Glob.of(text(random, seed % 3 == 0 ? letters + "*?" : "abks_1", 4));

      assertThat(new EventBody(text).has(glob))
          .as("seed %d: \"%s\" in \"%s\"", seed, glob.pattern(), text)
          .isEqualTo(glob.matchesWords(text));
    }
  }

  /// Text is looked at a `char` at a time.
  @Test
  void noCharacterBeyondTheBasicPlaneIsLikeALetterOfWords() {
    assertThat(
            IntStream.rangeClosed(Character.MIN_SUPPLEMENTARY_CODE_POINT, Character.MAX_CODE_POINT)
                .filter(each -> Glob.isWord(Glob.fold(each))))
        .isEmpty();
  }

  private static String text(Random random, String alphabet, int maxLength) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(maxLength + 1); i > 0; i--) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return text.toString();
  }
}
