package org.hearth.server;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// The table of packages and what each may use, as data; every other rule of the wiring beside it.
class ArchitectureTest {
  private static final String ROOT = "org.hearth.server";

  /// The root package without those below it.
  private static final String ITSELF = "(root)";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

  /// Files of one package, and lines of one file.
  private static final int MOST_FILES = 45;

  private static final int MOST_LINES = 600;

  /// One row of the table: the package (below the root) with those beneath it, and the packages of
  /// ours that it may use, which include those beneath them unless the row says `alone`.
  private record Row(String name, List<String> mayUse) {
    Row(String name, String... mayUse) {
      this(name, List.of(mayUse));
    }

    String pattern() {
      return pattern(name);
    }

    static String pattern(String name) {
      if (name.equals(ITSELF)) {
        return ROOT;
      }
      String alone = " alone";
      return ROOT
          + "."
          + (name.endsWith(alone)
              ? name.substring(0, name.length() - alone.length())
              : name + "..");
    }
  }

  /// Of a service, a server and a reader others may use what its package shows: the house style has
  /// them show one class with a lifecycle, one query interface and the records that those return.
  private static final List<Row> TABLE =
      List.of(
          new Row("matrix.id"),
          new Row("matrix.error"),
          new Row("matrix.json", "matrix.error"),
          new Row("matrix.version"),
          new Row("matrix.event", "matrix.id", "matrix.json", "matrix.version", "matrix.error"),
          new Row("matrix.sign", "matrix.id", "matrix.json", "matrix.version", "matrix.event"),
          // matrix.sign: only a signature by a key in the room's state allows a third-party invite.
          new Row(
              "matrix.auth",
              "matrix.id",
              "matrix.json",
              "matrix.version",
              "matrix.event",
              "matrix.sign",
              "matrix.error"),
          new Row(
              "matrix.checks",
              "matrix.id",
              "matrix.json",
              "matrix.version",
              "matrix.event",
              "matrix.sign",
              "matrix.auth",
              "matrix.error"),
          new Row("matrix.state", "matrix.id", "matrix.version", "matrix.event", "matrix.auth"),
          new Row("matrix.push", "matrix.id", "matrix.json", "matrix.event", "matrix.error"),
          new Row("logs", "matrix"),
          new Row("store"),
          new Row("store.derby"),
          new Row("http", "matrix", "store"),
          new Row("http.connection"),
          new Row("outbound", "configuration", "matrix", "store"),
          // http and store: a box declares its routes and its tables.
          new Row("box", "http", "store"),
          new Row(
              "writers.roomsend",
              "matrix",
              "box",
              "logs",
              "http",
              "outbound",
              "servers.room",
              "servers.presence",
              "services"),
          // services.accountdata: it keeps m.fully_read.
          new Row(
              "writers.receiptupdater",
              "matrix",
              "box",
              "logs",
              "http",
              "servers.room",
              "services.accountdata"),
          new Row("writers.devicesend", "matrix", "box", "logs", "http"),
          new Row(
              "writers.presencesetter",
              "matrix",
              "box",
              "logs",
              "http",
              "servers.room",
              "servers.presence"),
          new Row("writers.typingsetter", "matrix", "box", "logs", "http", "servers.room"),
          new Row("servers.room", "matrix", "box", "logs", "store"),
          new Row("servers.room.state", "matrix", "logs", "store", "servers.room alone"),
          new Row(
              "servers.room.shard",
              "matrix",
              "logs",
              "store",
              "servers.room alone",
              "servers.room.state"),
          new Row(
              "servers.room.decide",
              "matrix",
              "logs",
              "store",
              "servers.room alone",
              "servers.room.shard",
              "servers.room.state"),
          new Row(
              "servers.room.receive",
              "matrix",
              "logs",
              "store",
              "servers.room alone",
              "servers.room.shard",
              "servers.room.state"),
          new Row(
              "servers.room.sweep",
              "matrix",
              "logs",
              "store",
              "servers.room alone",
              "servers.room.shard",
              "servers.room.state"),
          new Row(
              "servers.room.read",
              "matrix",
              "logs",
              "store",
              "servers.room alone",
              "servers.room.state"),
          new Row(
              "servers.room.check", "matrix", "store", "servers.room alone", "servers.room.state"),
          new Row("servers.room.server", "matrix", "box", "logs", "store", "servers.room"),
          // services.account: receipts go with the account, in its commit.
          new Row(
              "servers.receipt",
              "matrix",
              "box",
              "logs",
              "store",
              "servers.room",
              "services.account"),
          // services.accountdata: the push rules. services.account: what is kept of a user goes
          // with
          // the account, in its commit.
          new Row(
              "servers.notification",
              "matrix",
              "box",
              "logs",
              "store",
              "servers.room",
              "servers.receipt",
              "services.account",
              "services.accountdata"),
          // services.account: which devices there are; messages go with the device, in its commit.
          new Row("servers.device", "matrix", "box", "logs", "store", "services.account"),
          // services.account: the message goes with the account, in its commit.
          new Row("servers.presence", "matrix", "box", "logs", "store", "services.account"),
          new Row("servers.typing", "matrix", "box", "logs", "store", "servers.room"),
          // services.account: pushers go with their device, in its commit. outbound: the way to
          // gateways.
          new Row(
              "readers.push",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "outbound",
              "servers.room",
              "servers.notification",
              "services.account"),
          new Row(
              "readers.sync",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "servers.room",
              "servers.notification",
              "servers.typing",
              "servers.receipt",
              "servers.device",
              "servers.presence",
              "services"),
          // box: alarms.
          new Row(
              "readers.sync.view",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "servers.room",
              "services.accountdata"),
          new Row(
              "readers.sync.events",
              "matrix",
              "store",
              "logs",
              "servers.room",
              "services.account",
              "readers.sync.view"),
          new Row(
              "readers.sync.sections",
              "matrix",
              "logs",
              "store",
              "servers.room",
              "servers.notification",
              "servers.typing",
              "servers.receipt",
              "servers.device",
              "servers.presence",
              "services.accountdata",
              "services.keys",
              "readers.sync.events",
              "readers.sync.view"),
          new Row(
              "readers.sync.v2",
              "matrix",
              "logs",
              "store",
              "http",
              "servers.room",
              "servers.notification",
              "servers.presence",
              "services.account",
              "readers.sync.sections",
              "readers.sync.events",
              "readers.sync.view"),
          // services.directory: these calls say which rooms are published.
          new Row(
              "readers.sync.v1",
              "matrix",
              "http",
              "servers.room",
              "services.accountdata",
              "services.directory",
              "readers.sync.sections",
              "readers.sync.history",
              "readers.sync.events",
              "readers.sync.view"),
          new Row(
              "readers.sync.history",
              "matrix",
              "http",
              "servers.room",
              "servers.notification",
              "services.account",
              "services.accountdata",
              "readers.sync.events",
              "readers.sync.view"),
          new Row(
              "services.account",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "outbound",
              "servers.room",
              "services.activity"),
          new Row("services.activity", "matrix", "box", "store"),
          new Row(
              "services.profile",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "servers.room",
              "services.account"),
          new Row(
              "services.accountdata",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "servers.room",
              "services.account"),
          new Row("services.directory", "matrix", "box", "logs", "store", "http", "servers.room"),
          new Row(
              "services.pushrules",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "services.account",
              "services.accountdata"),
          new Row("services.keybackup", "matrix", "box", "store", "http", "services.account"),
          new Row("services.keys", "matrix", "box", "logs", "store", "http", "services.account"),
          new Row("services.openid", "matrix", "box", "http", "services.account"),
          new Row(
              "services.report",
              "matrix",
              "box",
              "store",
              "http",
              "servers.room",
              "services.account",
              "services.activity"),
          new Row(
              "admin",
              "matrix",
              "logs",
              "store",
              "http",
              "writers",
              "servers",
              "readers",
              "services"),
          new Row("configuration", "matrix"),
          new Row("control", "admin", "configuration"),
          new Row("command", ITSELF, "admin", "configuration", "control"),
          new Row(
              ITSELF,
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "outbound",
              "writers",
              "servers",
              "readers",
              "services",
              "admin",
              "configuration",
              "control"));

  @TestFactory
  Stream<DynamicTest> packageUsesOnlyWhatItsRowNames() {
    return TABLE.stream()
        .filter(row -> classesIn(row.pattern()).findAny().isPresent())
        .map(row -> {
          String[] allowed =
              Stream.concat(Stream.of(row.name()), row.mayUse().stream())
                  .map(Row::pattern)
                  .toArray(String[]::new);
          ArchRule rule =
              noClasses()
                  .that()
                  .resideInAPackage(row.pattern())
                  .should()
                  .dependOnClassesThat(
                      resideInAPackage(ROOT + "..").and(not(resideInAnyPackage(allowed))))
                  .because("its row in the table of packages does not name them");
          return DynamicTest.dynamicTest(row.name(), () -> rule.check(CLASSES));
        });
  }

  @Test
  void othersSeeOfTheRoomServerOnlyItsQueriesAndTheirRecords() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + ".servers.room..", ROOT)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".servers.room.*..")
        .because("only the root starts the Room Server and checks its tables")
        .check(CLASSES);
  }

  @Test
  void onlyTheStoreSeesItsDatabase() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".store..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".store.derby..")
        .because("others store by units of work and read by queries")
        .check(CLASSES);
  }

  @Test
  void everyPackageHasItsRowAndEveryRowItsPackage() {
    Set<String> packages =
        CLASSES.stream()
            .map(JavaClass::getPackageName)
            .map(name -> name.equals(ROOT) ? ITSELF : name.substring(ROOT.length() + 1))
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(TABLE).extracting(Row::name).containsExactlyInAnyOrderElementsOf(packages);
  }

  @Test
  void rowsNameOnlyPackagesThatThereAre() {
    List<String> ofNothing =
        TABLE.stream()
            .flatMap(row -> row.mayUse().stream())
            .distinct()
            .filter(name -> classesIn(Row.pattern(name)).findAny().isEmpty())
            .toList();

    assertThat(ofNothing).isEmpty();
  }

  @Test
  void noPackageHasMoreFilesThanAReaderOverlooks() throws IOException {
    Map<Path, Long> files =
        sources().collect(Collectors.groupingBy(Path::getParent, Collectors.counting()));

    assertThat(files)
        .isNotEmpty()
        .allSatisfy((_, count) -> assertThat(count).isLessThanOrEqualTo(MOST_FILES));
  }

  @Test
  void noFileIsLongerThanAReaderOverlooks() throws IOException {
    for (Path each : sources().toList()) {
      assertThat(Files.readAllLines(each)).as("%s", each).hasSizeLessThanOrEqualTo(MOST_LINES);
    }
  }

  /// The source files of all modules, also of tests.
  private static Stream<Path> sources() throws IOException {
    List<Path> all = new ArrayList<>();
    for (String module : List.of("ring-logs", "server-core", "app-ui")) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "src"))) {
        files.filter(each -> each.toString().endsWith(".java")).forEach(all::add);
      }
    }
    return all.stream();
  }

  @Test
  void everyPackageIsNullMarked() {
    List<String> without =
        CLASSES.stream()
            .map(JavaClass::getPackage)
            .distinct()
            .filter(each -> !each.isAnnotatedWith(NullMarked.class))
            .map(each -> each.getName())
            .filter(name -> CLASSES.stream().anyMatch(c -> c.getPackageName().equals(name)))
            .sorted()
            .toList();

    assertThat(without).isEmpty();
  }

  @Test
  void packagesAreFreeOfCycles() {
    slices()
        .matching(ROOT + ".(**)")
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void protocolIsPure() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".matrix..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.nio.file..", "java.net..", "java.sql..", "java.util.concurrent..")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(java.time.Instant.class, "now")
        .because("package matrix has no I/O, clock or threads")
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void onlyTheStoreKnowsDerby() {
    noClasses()
        .that(not(resideInAPackage(ROOT + ".store..")))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.derby..", "com.zaxxer..", "org.flywaydb..")
        .because("the store's interface stays narrow: Derby may have to be replaced")
        .check(CLASSES);
  }

  @Test
  void onlyOutboundKnowsAnHttpClient() {
    DescribedPredicate<JavaClass> client =
        resideInAnyPackage(
                "java.net.http..",
                "io.helidon.webclient..",
                "org.apache.hc..",
                "org.apache.http..",
                "okhttp3..")
            .or(assignableTo(java.net.URLConnection.class));

    // The rule is about something: outbound does use one.
    classes()
        .that()
        .haveFullyQualifiedName(ROOT + ".outbound.Exchange")
        .should()
        .dependOnClassesThat(client)
        .check(CLASSES);
    // The store opens a jar of its own class path, which is no network.
    noClasses()
        .that(not(resideInAPackage(ROOT + ".outbound..")))
        .and()
        .doNotHaveFullyQualifiedName(ROOT + ".store.Schema")
        .should()
        .dependOnClassesThat(client)
        .orShould()
        .callMethod(java.net.URL.class, "openConnection")
        .orShould()
        .callMethod(java.net.URL.class, "openConnection", java.net.Proxy.class)
        .orShould()
        .callMethod(java.net.URL.class, "openStream")
        .orShould()
        .callMethod(java.net.URL.class, "getContent")
        .because("the block list, the limits and the figures hold for every outgoing request")
        .check(CLASSES);
  }

  @Test
  void serversTouchNoNetwork() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".servers..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.net..", "io.helidon..")
        .because("a server decides; it never waits for a peer")
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void nobodyWritesToStandardStreamsOrThrowsGenericExceptions() {
    // The command line's answers are what its user asked for; everything else is logged.
    Set<String> commandLine = Set.of(ROOT + ".command.Main", ROOT + ".command.Commands");
    noClasses()
        .that(
            new com.tngtech.archunit.base.DescribedPredicate<JavaClass>(
                "are not the command line") {
              @Override
              public boolean test(JavaClass each) {
                return commandLine.stream().noneMatch(name -> each.getName().startsWith(name));
              }
            })
        .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
        .check(CLASSES);
    GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING.check(CLASSES);
  }

  @Test
  void classesLogThroughSystemLogger() {
    classes()
        .that()
        .resideOutsideOfPackage(ROOT)
        .should()
        .onlyDependOnClassesThat(
            not(resideInAnyPackage("org.slf4j..", "ch.qos.logback..", "org.apache.logging..")))
        .because("only the root may route the log")
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  private static Stream<JavaClass> classesIn(String pattern) {
    return CLASSES.stream().filter(resideInAPackage(pattern));
  }
}
