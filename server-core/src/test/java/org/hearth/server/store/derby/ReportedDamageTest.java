package org.hearth.server.store.derby;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportedDamageTest {
  private final ReportedDamage reports = new ReportedDamage();
  @TempDir private Path folder;

  private void hear(String... lines) {
    for (String line : lines) {
      reports.hear(line);
    }
  }

  @Test
  void aPageThatIsNotWhatWasWrittenIsDamage() {
    hear(
        "Cleanup action starting",
        "ERROR XSDG2: Invalid checksum on Page Page(36,Container(0, 2256)), page dump left out",
        "\tat org.apache.derby.shared.common.error.StandardException.newException(A.java:1)");

    assertThat(reports.after(0))
        .contains("Invalid checksum on Page Page(36,Container(0, 2256)), page dump left out");
    assertThat(reports.after(1)).isEmpty();
  }

  @Test
  void aFileThatEndsTooEarlyIsDamage() {
    hear("ERROR XSDG0: Page Page(1,Container(0, 2256)) could not be read from disk.", "\tat a.B");
    assertThat(reports.after(0)).as("it may have a reason").isEmpty();

    hear("Caused by: java.io.EOFException: Reached end of file while attempting to read a page.");

    assertThat(reports.after(0))
        .contains("Page Page(1,Container(0, 2256)) could not be read from disk");
  }

  @Test
  void aFileThatIsNotThereIsDamageAndOneThatCannotBeOpenedIsNot() throws Exception {
    Path file = Files.createFile(folder.resolve("c8d0.dat"));
    String missing = folder.resolve("c8e0.dat").toString();
    String reason = "Caused by: java.io.FileNotFoundException: %s (%s)";

    hear("ERROR XSDG3: Meta-data for Container(0, 2256) could not be accessed", "\tat a.B");
    hear(reason.formatted(file, "Too many open files"));
    assertThat(reports.after(0)).isEmpty();
    hear("ERROR XSDG3: Meta-data for Container(0, 2256) could not be accessed", "\tat a.B");
    hear(reason.formatted(missing, "No such file or directory"));

    assertThat(reports.after(0)).contains("Meta-data for Container(0, 2256) could not be accessed");
  }

  @Test
  void whatSaysNothingOfTheFilesIsNoDamage() {
    hear(
        "ERROR XSDG0: Page Page(1,Container(0, 2256)) could not be read from disk.",
        "Caused by: java.nio.channels.ClosedByInterruptException",
        "ERROR 40XL1: A lock could not be obtained within the time requested",
        "Caused by: java.io.EOFException");

    assertThat(reports.after(0)).isEmpty();
  }
}
