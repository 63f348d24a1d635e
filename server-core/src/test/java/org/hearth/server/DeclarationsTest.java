package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hearth.ringlogs.WiringDescription;
import org.hearth.ringlogs.WiringDescription.Arrow;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.admin.WiringPicture;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.Box;
import org.hearth.server.box.Time;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the boxes of a whole server declare, against the code, the database and the documentation.
@Tag("long")
class DeclarationsTest {
  private static final String ROOT = "org.hearth.server.";
  private static final Path PAGE = Path.of("..", "docs", "tables.md");
  private static final Path ARCHITECTURE = Path.of("..", "docs", "architecture.md");

  /// A log's name as it stands in the documentation.
  private static final Pattern LOG = Pattern.compile("[a-z]+-(?:in|out)put");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("org.hearth.server");

  @TempDir private Path folder;
  private Composition composition;

  @BeforeEach
  void open() throws IOException {
    DataFolder data = new DataFolder(folder);
    WholeServer.prepare(data);
    composition =
        Composition.open(
            data,
            ConfigurationReader.parse(folder.resolve("hearth.yaml"), "server-name: hearth.test"),
            Time.of(InstantSource.system()),
            new SecureRandom(),
            () -> {},
            _ -> {},
            _ -> {});
  }

  @AfterEach
  void close() {
    RuntimeException failures = new IllegalStateException("not closed");
    composition.close(Duration.ofSeconds(5), failures);
    assertThat(failures.getSuppressed()).isEmpty();
  }

  /// An arrow is a log or a call to one `…Queries` interface: whoever uses another box's interface
  /// says that it asks, and whoever says so does.
  @Test
  void whoUsesTheQueriesOfAnotherBoxSaysThatItAsks() {
    for (Box box : composition.boxes().all()) {
      Set<String> used = new TreeSet<>();
      Set<String> known = new HashSet<>();
      for (Box other : composition.boxes().all()) {
        if (!packageOf(other).equals(packageOf(box))) {
          used.addAll(uses(box, other, true) ? List.of(other.name()) : List.of());
          known.addAll(uses(box, other, false) ? List.of(other.name()) : List.of());
        } else {
          known.add(other.name());
        }
      }

      assertThat(box.asks()).as("asked by %s", box.name()).containsAll(ofOnePackage(used, box));
      assertThat(known).as("used by %s", box.name()).containsAll(box.asks());
    }
  }

  /// Whoever uses another box in another way says that it asks or commands it: that it commands it
  /// if what is used is the box itself. Of several boxes in one package the code does not tell
  /// which: it is enough that one of them says so, of one of them.
  @Test
  void whoUsesAnotherBoxInAnyWaySaysSo() {
    for (String user : packages()) {
      Set<String> commanded = declared(user, Box::commands);
      Set<String> all = new TreeSet<>(declared(user, Box::asks));
      all.addAll(commanded);
      for (String used : packages()) {
        Set<JavaClass> classes = used(user, used);
        Set<String> names = in(used).map(Box::name).collect(Collectors.toSet());
        Set<String> themselves =
            in(used)
                .filter(
                    box -> classes.stream().anyMatch(each -> each.isEquivalentTo(box.getClass())))
                .map(Box::name)
                .collect(Collectors.toSet());

        assertThat(commanded).as("commanded by %s", user).containsAll(themselves);
        assertThat(Collections.disjoint(all, names))
            .as("%s declares nothing of %s and uses %s", user, used, classes)
            .isEqualTo(classes.isEmpty());
      }
    }
  }

  /// What nobody declares stays in the database when an account is closed.
  @Test
  void whatIsKeptForAccountsIsDeclared() {
    Set<String> declared =
        composition.boxes().companions().stream()
            .map(each -> each.getClass().getName())
            .collect(Collectors.toSet());
    Set<String> made =
        CLASSES.stream()
            .filter(each -> each.isAssignableTo(AccountCompanion.class) && !each.isInterface())
            .map(JavaClass::getName)
            .collect(Collectors.toSet());

    assertThat(declared).hasSizeGreaterThan(5).isEqualTo(made);
  }

  private Set<String> declared(String user, Function<Box, List<String>> what) {
    return in(user)
        .flatMap(box -> what.apply(box).stream())
        .filter(name -> !packageOf(box(name)).equals(user))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private Set<String> packages() {
    return composition.boxes().all().stream()
        .map(this::packageOf)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private Stream<Box> in(String name) {
    return composition.boxes().all().stream().filter(box -> packageOf(box).equals(name));
  }

  /// The classes of one package that another uses. An interface that it implements is how the other
  /// one uses it.
  private static Set<JavaClass> used(String user, String used) {
    if (user.equals(used)) {
      return Set.of();
    }
    List<JavaClass> users = CLASSES.stream().filter(each -> isIn(each, user)).toList();
    return users.stream()
        .flatMap(each -> each.getDirectDependenciesFromSelf().stream())
        .map(each -> each.getTargetClass())
        .filter(each -> isIn(each, used))
        .filter(each ->
            !each.isInterface() || users.stream().noneMatch(u -> u.isAssignableTo(each.getName())))
        .collect(Collectors.toSet());
  }

  /// Of several boxes in one package an interface tells nothing about which is asked: one is
  /// enough.
  private Set<String> ofOnePackage(Set<String> used, Box box) {
    Set<String> packages =
        box.asks().stream().map(this::box).map(this::packageOf).collect(Collectors.toSet());
    return used.stream()
        .filter(name -> box.asks().contains(name) || !packages.contains(packageOf(box(name))))
        .collect(Collectors.toSet());
  }

  private boolean uses(Box box, Box other, boolean queriesOnly) {
    return CLASSES.stream()
        .filter(each -> isIn(each, packageOf(box)))
        .flatMap(each -> each.getDirectDependenciesFromSelf().stream())
        .map(each -> each.getTargetClass())
        .filter(each -> isIn(each, packageOf(other)))
        .anyMatch(each -> !queriesOnly || each.getSimpleName().endsWith("Queries"));
  }

  private Box box(String name) {
    return composition.boxes().all().stream()
        .filter(each -> each.name().equals(name))
        .findAny()
        .orElseThrow();
  }

  /// `servers.room` of a class in `org.hearth.server.servers.room.server`.
  private String packageOf(Box box) {
    String below = box.getClass().getPackageName().substring(ROOT.length());
    int second = below.indexOf('.', below.indexOf('.') + 1);
    return ROOT + (second < 0 ? below : below.substring(0, second));
  }

  private static boolean isIn(JavaClass each, String name) {
    return each.getPackageName().equals(name) || each.getPackageName().startsWith(name + ".");
  }

  @Test
  void thePictureHasEveryBoxAndTheWayOfAMessage() {
    WiringDescription wiring = composition.boxes().description();

    assertThat(wiring.arrows())
        .contains(
            new Arrow("ClientRoomSend", "room-input", Arrow.Kind.WRITES),
            new Arrow("room-input", "RoomServer", Arrow.Kind.FEEDS),
            new Arrow("RoomServer", "room-output", Arrow.Kind.WRITES),
            new Arrow("room-output", "ClientSync", Arrow.Kind.FEEDS),
            new Arrow("room-output", "GuestAccess", Arrow.Kind.FEEDS),
            new Arrow("Profiles", "account-output", Arrow.Kind.WRITES),
            new Arrow("account-output", "ClientSync", Arrow.Kind.FEEDS),
            new Arrow("ClientSync", "RoomServer", Arrow.Kind.ASKS),
            new Arrow("ClientRoomSend", "Directory", Arrow.Kind.COMMANDS));
    assertThat(wiring.nodes())
        .extracting(each -> each.name())
        .containsAll(composition.boxes().all().stream().map(Box::name).toList());
  }

  /// But for readers, whose arrows would lead back.
  @Test
  void whoeverHasTablesIsShownToHandWorkToTheCommitter() {
    List<WiringPicture.Arrow> arrows = composition.admin().wiring().arrows();

    assertThat(arrows)
        .doesNotHaveDuplicates()
        .containsAll(
            composition.boxes().all().stream()
                .filter(each -> !each.tables().isEmpty() && each.kind() != Node.Kind.READER)
                .map(each -> new WiringPicture.Arrow(each.name(), "commit"))
                .toList())
        .contains(new WiringPicture.Arrow("KeyBackup", "commit"))
        .doesNotContain(new WiringPicture.Arrow("OpenID", "commit"));
  }

  @Test
  void everyBoxSaysForPeopleWhatItIsFor() {
    Map<String, String> purposes = composition.boxes().purposes();

    assertThat(purposes.values())
        .hasSize(composition.boxes().all().size())
        .doesNotHaveDuplicates()
        .allSatisfy(each -> assertThat(each).isNotBlank().hasSizeLessThanOrEqualTo(18));
  }

  @Test
  void everyTableOfTheDatabaseIsDeclaredOnce() {
    List<String> declared = tables().map(Table::name).sorted().toList();
    closeQuietly();

    List<String> inDatabase;
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      inDatabase =
          store
              .reads()
              .read(connection -> {
                List<String> names = new java.util.ArrayList<>();
                try (Statement statement = connection.createStatement();
                    ResultSet row =
                        statement.executeQuery(
                            "SELECT tablename FROM sys.systables WHERE tabletype = 'T'")) {
                  while (row.next()) {
                    names.add(row.getString(1).toLowerCase(Locale.ROOT));
                  }
                }
                return names;
              });
    }

    assertThat(declared).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(inDatabase);
  }

  @Test
  void thePageOfTheTablesSaysWhatTheBoxesDeclare() throws IOException {
    StringBuilder page =
        new StringBuilder(
            """
            # Tables and their bounds

            Every table, the box that alone writes it, what limits its rows, and what keeps it so. The boxes declare this (`Box.tables`); a test
            compares this page with the declarations and with the database.

            | box | table | bound | kept by |
            |---|---|---|---|
            """);
    Store.TABLES.forEach(table -> page.append(row("the store", table)));
    for (Box box : composition.boxes().all()) {
      box.tables().forEach(table -> page.append(row(box.name(), table)));
    }
    Files.writeString(Path.of("target", "tables.md"), page);

    assertThat(Files.readString(PAGE)).isEqualTo(page.toString());
  }

  /// Whoever looks for the class of a box, or for what goes in and out of it, looks there.
  @Test
  void thePageOfTheArchitectureHasEveryBoxWithItsClassAndLogs() throws IOException {
    Set<String> kinds =
        Stream.of(Node.Kind.values())
            .map(each -> each.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet());
    List<List<String>> rows =
        Files.readAllLines(ARCHITECTURE).stream()
            .filter(line -> line.startsWith("| "))
            .map(line -> List.of(line.substring(2).split(" \\| ", -1)))
            .filter(cells -> kinds.contains(cells.getFirst()))
            .map(cells ->
                List.of(
                    cells.get(0),
                    cells.get(1),
                    cells.get(2),
                    logsIn(cells.get(3)).toString(),
                    logsIn(cells.get(4)).toString()))
            .toList();
    WiringDescription wiring = composition.boxes().description();
    List<List<String>> declared =
        composition.boxes().all().stream()
            .map(box ->
                List.of(
                    box.kind().name().toLowerCase(Locale.ROOT),
                    box.name(),
                    "`%s`".formatted(box.getClass().getName().substring(ROOT.length())),
                    logs(wiring.to(box.name()), Arrow.Kind.FEEDS, Arrow::from),
                    logs(wiring.from(box.name()), Arrow.Kind.WRITES, Arrow::to)))
            .toList();

    assertThat(rows).containsExactlyInAnyOrderElementsOf(declared);
  }

  private static Set<String> logsIn(String cell) {
    return LOG.matcher(cell)
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String logs(List<Arrow> arrows, Arrow.Kind kind, Function<Arrow, String> end) {
    return arrows.stream()
        .filter(arrow -> arrow.kind() == kind)
        .map(end)
        .collect(Collectors.toCollection(TreeSet::new))
        .toString();
  }

  private static String row(String box, Table table) {
    return "| %s | `%s` | %s | %s |\n".formatted(box, table.name(), table.bound(), table.keptBy());
  }

  private Stream<Table> tables() {
    return Stream.concat(
        Store.TABLES.stream(),
        composition.boxes().all().stream().flatMap(each -> each.tables().stream()));
  }

  private void closeQuietly() {
    composition.close(Duration.ofSeconds(5), new IllegalStateException("not closed"));
  }
}
