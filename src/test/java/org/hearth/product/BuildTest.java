package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The build, as far as the machine that it runs on could disturb it.
@Tag("long")
@DisabledOnOs(OS.WINDOWS)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class BuildTest {
  private static final Path ROOT = Path.of(System.getProperty("hearth.root", "."));

  @TempDir Path temp;

  @Test
  void theFormatterRunsOnTheToolchainsJavaWhateverThePathHas() throws Exception {
    Path path = Files.createDirectory(temp.resolve("bin"));
    Path java = Files.writeString(path.resolve("java"), "#!/bin/sh\nexit 9\n");
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    // The project without its sources: the formatter need not have work.
    Path project = Files.createDirectory(temp.resolve("project"));
    Files.copy(ROOT.resolve("pom.xml"), project.resolve("pom.xml"));
    Files.createDirectory(project.resolve("build-tools"));
    Files.copy(ROOT.resolve("build-tools/Format.java"), project.resolve("build-tools/Format.java"));
    ProcessBuilder build =
        new ProcessBuilder("mvn", "--offline", "-B", "-ntp", "-N", "validate")
            .directory(project.toFile());
    // Maven itself runs on a JDK that would do, so that nothing asks for another.
    build.environment().put("JAVA_HOME", System.getProperty("java.home"));
    build.environment().merge("PATH", path.toString(), (old, first) -> first + ":" + old);

    HearthProcess.Ended ended = HearthProcess.run(build);

    assertThat(ended.code()).as(ended.said()).isZero();
  }

  @Test
  void theServiceOfThePackageIsWhatSystemdTakesAndShutsItIn() throws Exception {
    // Its program is there when the package is installed.
    Path unit =
        Files.writeString(
            temp.resolve("hearth.service"),
            Files.readString(ROOT.resolve("installer/src/jpackage/hearth.service"))
                .replace("/opt/hearth/bin/hearth-headless", "/bin/true"));

    HearthProcess.Ended verified = systemdAnalyze("verify", unit.toString());
    // Of ten, in tenths: what systemd calls exposed begins at 7.
    HearthProcess.Ended judged =
        systemdAnalyze("security", "--offline=true", "--threshold=40", unit.toString());

    assertThat(verified.code()).as(verified.said()).isZero();
    assertThat(verified.said()).doesNotContain("hearth.service");
    assertThat(judged.code()).as(judged.said()).isZero();
  }

  private static HearthProcess.Ended systemdAnalyze(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("systemd-analyze"));
    command.addAll(List.of(arguments));
    assumeThat(Path.of("/usr/bin/systemd-analyze")).exists();
    return HearthProcess.run(new ProcessBuilder(command));
  }
}
