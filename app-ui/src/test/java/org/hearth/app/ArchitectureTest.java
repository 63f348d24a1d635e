package org.hearth.app;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/// What the panel sees of the server.
class ArchitectureTest {
  private static final String SERVER = "org.hearth.server";
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("org.hearth.app");

  /// The set-up writes `hearth.yaml`, so it knows the configuration.
  @Test
  void panelSeesTheRootTheOperationsAndTheConfigurationOnly() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName(Main.class.getName())
        .should()
        .dependOnClassesThat(
            resideInAPackage(SERVER + "..")
                .and(not(resideInAnyPackage(SERVER, SERVER + ".admin", SERVER + ".configuration"))))
        .because("the panel is a guest of the server, not a part of it")
        .check(CLASSES);
  }

  @Test
  void onlyTheEntryHandsOverToTheCommandLine() {
    noClasses()
        .that()
        .haveFullyQualifiedName(Main.class.getName())
        .should()
        .dependOnClassesThat(
            resideInAPackage(SERVER + "..")
                .and(
                    not(
                        resideInAnyPackage(
                            SERVER, SERVER + ".command", SERVER + ".configuration"))))
        .check(CLASSES);
  }

  /// Whoever touches a control starts the toolkit; what is shown is tested without one.
  @Test
  void noModelReachesAControl() {
    noClasses()
        .that()
        .haveSimpleNameEndingWith("ViewModel")
        .should()
        .transitivelyDependOnClassesThat(resideInAPackage("javafx.scene.control.."))
        .check(CLASSES);
  }
}
