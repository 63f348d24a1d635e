package org.hearth.server.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.ServerKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/// The page `docs/security-tests.md` names a test that there is for each known attack by servers.
class KnownAttacksTest {
  private static final Path PAGE = Path.of("../docs/security-tests.md");
  private static final Path TESTS = Path.of("src/test/java");
  private static final Path PRODUCT = Path.of("src/main/java");
  private static final Pattern ROW = Pattern.compile("^\\| (\\d+) \\| .+ \\| (`.+`) \\|$");
  private static final Pattern NAMED = Pattern.compile("`([A-Za-z.]+)#([A-Za-z0-9]+)`");

  /// What gives the next number to who has seen some.
  private static final Pattern GUESSABLE =
      Pattern.compile("new Random\\(|Math\\.random\\(|ThreadLocalRandom|new SplittableRandom\\(");

  @TempDir private Path folder;

  /// A row of the page.
  private record Row(int number, List<String> tests) {}

  private static List<Row> rows() throws IOException {
    List<Row> rows = new ArrayList<>();
    for (String line : Files.readAllLines(PAGE)) {
      var row = ROW.matcher(line);
      if (row.matches()) {
        rows.add(
            new Row(
                Integer.parseInt(row.group(1)),
                NAMED.matcher(row.group(2)).results().map(each -> each.group(0)).toList()));
      }
    }
    return rows;
  }

  @Test
  void everyKnownAttackByServersHasATest() throws IOException {
    Set<Integer> wanted =
        Stream.of(
                IntStream.rangeClosed(1, 36),
                IntStream.rangeClosed(39, 50),
                IntStream.of(69),
                IntStream.rangeClosed(73, 90))
            .flatMap(IntStream::boxed)
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(rows()).extracting(Row::number).doesNotHaveDuplicates().containsAll(wanted);
    assertThat(rows()).allSatisfy(each -> assertThat(each.tests()).isNotEmpty());
  }

  @Test
  void everyTestThatIsNamedIsThere() throws Exception {
    List<String> missing = new ArrayList<>();
    for (String named :
        new TreeSet<>(rows().stream().flatMap(each -> each.tests().stream()).toList())) {
      var parts = NAMED.matcher(named);
      assertThat(parts.matches()).isTrue();
      List<String> classes = classes(parts.group(1));
      if (classes.size() != 1 || !hasTest(classes.getFirst(), parts.group(2))) {
        missing.add(named + " in " + classes);
      }
    }

    assertThat(missing).isEmpty();
  }

  /// The classes that end so.
  private static List<String> classes(String name) throws IOException {
    try (Stream<Path> files = Files.walk(TESTS)) {
      return files
          .map(each -> TESTS.relativize(each).toString().replace('\\', '/').replace('/', '.'))
          .filter(each -> each.endsWith("." + name + ".java"))
          .map(each -> each.substring(0, each.length() - ".java".length()))
          .toList();
    }
  }

  private static boolean hasTest(String type, String name) throws ClassNotFoundException {
    return Stream.of(Class.forName(type).getDeclaredMethods())
        .filter(each -> each.getName().equals(name))
        .anyMatch(KnownAttacksTest::isTest);
  }

  private static boolean isTest(Method method) {
    return method.isAnnotationPresent(Test.class)
        || method.isAnnotationPresent(ParameterizedTest.class);
  }

  /// Row 26: a server's key is made of what nobody else can make it of.
  @Test
  void keysThatAreMadeAreAllDifferent() throws IOException {
    SecureRandom random = new SecureRandom();
    Set<String> keys = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      Path each = Files.createDirectory(folder.resolve("server" + i));
      keys.add(
          ServerKeys.open(new DataFolder(each), random, InstantSource.system())
              .current()
              .publicKeyBase64());
    }

    assertThat(keys).hasSize(200);
  }

  /// Row 27: tokens, ids and keys are made by what cannot be guessed; the rest says here why it
  /// may.
  @Test
  void nothingIsMadeByWhatCanBeGuessed() throws IOException {
    try (Stream<Path> files = Files.walk(PRODUCT)) {
      for (Path each : files.filter(file -> file.toString().endsWith(".java")).toList()) {
        assertThat(Files.readString(each)).as("%s", each).doesNotContainPattern(GUESSABLE);
      }
    }
  }
}
