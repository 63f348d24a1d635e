package org.hearth.server.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.nodes.Node;

/// The page `docs/configuration.md` tells every key that the reader knows, and no other.
class ConfigurationPageTest {
  private static final Path FILE = Path.of("/etc/hearth/hearth.yaml");
  private static final String PAGE = page();

  @Test
  void everyKeyOfTheReaderIsOnThePageAndViceVersa() {
    assertThat(keysOnThePage("")).isEqualTo(keysOfTheReader());
  }

  @Test
  void thePageMarksTheKeysThatNothingUsesYet() {
    assertThat(keysOnThePage("\\*\\*Not used yet\\.\\*\\* "))
        .isEqualTo(new TreeSet<>(ConfigurationReader.NOT_USED_YET));
  }

  @Test
  void theExampleIsAConfiguration() {
    assertThat(ConfigurationReader.parse(FILE, example()).unused())
        .isEqualTo(ConfigurationReader.NOT_USED_YET);
  }

  /// The example has every section, so that reading it asks for every key.
  private static Set<String> keysOfTheReader() {
    Node root = new Compose(LoadSettings.builder().build()).composeString(example()).orElseThrow();
    YamlSection section = new YamlSection(FILE, "", root);
    var _ = ConfigurationReader.configuration(FILE, section);
    return section.asked().stream()
        .map(key -> key.replaceAll("\\[\\d+]", ""))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> keysOnThePage(String meaning) {
    return Pattern.compile("(?m)^\\| `([a-z.-]+)` \\| " + meaning)
        .matcher(PAGE)
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String example() {
    MatchResult found =
        Pattern.compile("(?s)```yaml\n(.*?)```").matcher(PAGE).results().findFirst().orElseThrow();
    return found.group(1);
  }

  private static String page() {
    try {
      return Files.readString(Path.of("..", "docs", "configuration.md"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
