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
import java.util.List;
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
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(PackageTable.ROOT);

  @TestFactory
  Stream<DynamicTest> packageUsesOnlyWhatItsRowNames() {
    return PackageTable.ROWS.stream()
        .filter(row -> classesIn(row.pattern()).findAny().isPresent())
        .map(row -> {
          String[] allowed =
              Stream.concat(Stream.of(row.name()), row.mayUse().stream())
                  .map(PackageTable.Row::pattern)
                  .toArray(String[]::new);
          ArchRule rule =
              noClasses()
                  .that()
                  .resideInAPackage(row.pattern())
                  .should()
                  .dependOnClassesThat(
                      resideInAPackage(PackageTable.ROOT + "..")
                          .and(not(resideInAnyPackage(allowed))))
                  .because("its row in the table of packages does not name them");
          return DynamicTest.dynamicTest(row.name(), () -> rule.check(CLASSES));
        });
  }

  @Test
  void othersSeeOfTheRoomServerOnlyItsQueriesAndTheirRecords() {
    noClasses()
        .that()
        .resideOutsideOfPackages(PackageTable.ROOT + ".servers.room..", PackageTable.ROOT)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(PackageTable.ROOT + ".servers.room.*..")
        .because("only the root starts the Room Server and checks its tables")
        .check(CLASSES);
  }

  @Test
  void onlyTheStoreSeesItsDatabase() {
    noClasses()
        .that()
        .resideOutsideOfPackage(PackageTable.ROOT + ".store..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(PackageTable.ROOT + ".store.derby..")
        .because("others store by units of work and read by queries")
        .check(CLASSES);
  }

  @Test
  void everyPackageHasItsRowAndEveryRowItsPackage() {
    Set<String> packages =
        CLASSES.stream()
            .map(JavaClass::getPackageName)
            .map(name ->
                name.equals(PackageTable.ROOT)
                    ? PackageTable.ITSELF
                    : name.substring(PackageTable.ROOT.length() + 1))
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(PackageTable.ROWS)
        .extracting(PackageTable.Row::name)
        .containsExactlyInAnyOrderElementsOf(packages);
  }

  @Test
  void rowsNameOnlyPackagesThatThereAre() {
    List<String> ofNothing =
        PackageTable.ROWS.stream()
            .flatMap(row -> row.mayUse().stream())
            .distinct()
            .filter(name -> classesIn(PackageTable.Row.pattern(name)).findAny().isEmpty())
            .toList();

    assertThat(ofNothing).isEmpty();
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
        .matching(PackageTable.ROOT + ".(**)")
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void protocolIsPure() {
    noClasses()
        .that()
        .resideInAPackage(PackageTable.ROOT + ".matrix..")
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
        .that(not(resideInAPackage(PackageTable.ROOT + ".store..")))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.derby..", "com.zaxxer..", "org.flywaydb..")
        .because("the store's interface stays narrow: Derby may have to be replaced")
        .check(CLASSES);
  }

  @Test
  void onlySearchKnowsLucene() {
    noClasses()
        .that(not(resideInAPackage(PackageTable.ROOT + ".readers.search..")))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.lucene..", "com.ibm.icu..")
        .because("the index is one reader's own view")
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
                "okhttp3..",
                "org.xbill..")
            .or(assignableTo(java.net.URLConnection.class));

    // The rule is about something: outbound does use one.
    classes()
        .that()
        .haveFullyQualifiedName(PackageTable.ROOT + ".outbound.Exchange")
        .should()
        .dependOnClassesThat(client)
        .check(CLASSES);
    // The store opens a jar of its own class path, which is no network.
    noClasses()
        .that(not(resideInAPackage(PackageTable.ROOT + ".outbound..")))
        .and()
        .doNotHaveFullyQualifiedName(PackageTable.ROOT + ".store.Schema")
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
        .resideInAPackage(PackageTable.ROOT + ".servers..")
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
    Set<String> commandLine =
        Set.of(PackageTable.ROOT + ".command.Main", PackageTable.ROOT + ".command.Commands");
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
        .resideOutsideOfPackage(PackageTable.ROOT)
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
