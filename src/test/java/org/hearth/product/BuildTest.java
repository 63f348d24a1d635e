package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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
  @Test
  void theFormatterRunsOnTheToolchainsJavaWhateverThePathHas(@TempDir Path path) throws Exception {
    Path java = Files.writeString(path.resolve("java"), "#!/bin/sh\nexit 9\n");
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    ProcessBuilder build =
        new ProcessBuilder("mvn", "--offline", "-B", "-ntp", "-N", "validate")
            .directory(new File(System.getProperty("hearth.root", ".")));
    // Maven itself runs on a JDK that would do, so that nothing asks for another.
    build.environment().put("JAVA_HOME", System.getProperty("java.home"));
    build.environment().merge("PATH", path.toString(), (old, first) -> first + ":" + old);

    HearthProcess.Ended ended = HearthProcess.run(build);

    assertThat(ended.code()).as(ended.said()).isZero();
  }
}
