package org.hearth.server.store.derby;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HighWaterMarkTest {
  private static final UUID STORE = new UUID(1, 2);
  @TempDir Path folder;

  @Test
  void lastRecordIsRead() throws IOException {
    try (HighWaterMark mark = HighWaterMark.begin(folder, STORE, CommitHead.START)) {
      mark.append(new CommitHead(1, 10, 77));
      mark.append(new CommitHead(2, 12, 78));
    }

    assertThat(HighWaterMark.read(folder))
        .contains(new HighWaterMark.Contents(STORE, new CommitHead(2, 12, 78)));
  }

  @Test
  void thereIsNoneWithoutAFile() throws IOException {
    assertThat(HighWaterMark.read(folder)).isEmpty();
  }

  @Test
  void tornLastRecordIsPassedOver() throws IOException {
    try (HighWaterMark mark = HighWaterMark.begin(folder, STORE, CommitHead.START)) {
      mark.append(new CommitHead(1, 10, 77));
      mark.append(new CommitHead(2, 12, 78));
    }
    byte[] bytes = Files.readAllBytes(file());

    for (int cut = 1; cut < 32; cut++) {
      Files.write(file(), Arrays.copyOf(bytes, bytes.length - cut));

      assertThat(HighWaterMark.read(folder).orElseThrow().head().commits())
          .as("cut by %d bytes", cut)
          .isEqualTo(1);
    }
  }

  @Test
  void anyDamageOfTheHeaderIsFound() throws IOException {
    HighWaterMark.begin(folder, STORE, CommitHead.START).close();
    byte[] bytes = Files.readAllBytes(file());

    for (int i = 0; i < 32; i++) {
      byte[] damaged = bytes.clone();
      damaged[i] ^= 1;
      Files.write(file(), damaged);

      assertThatThrownBy(() -> HighWaterMark.read(folder)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void fileStaysSmall() throws IOException {
    try (HighWaterMark mark = HighWaterMark.begin(folder, STORE, CommitHead.START)) {
      for (int i = 1; i <= 100_000; i++) {
        mark.append(new CommitHead(i, 2L * i, 3L * i));
      }

      assertThat(Files.size(file())).isLessThanOrEqualTo(1 << 20);
    }
    assertThat(HighWaterMark.read(folder).orElseThrow().head())
        .isEqualTo(new CommitHead(100_000, 200_000, 300_000));
  }

  @Test
  void recordThatCouldNotBeWrittenWholeIsWrittenOver() throws IOException {
    try (HighWaterMark mark = HighWaterMark.begin(folder, STORE, CommitHead.START)) {
      mark.append(new CommitHead(1, 10, 77));
      Files.write(file(), new byte[] {1, 2, 3}, StandardOpenOption.APPEND);
      mark.append(new CommitHead(2, 12, 78));
    }

    assertThat(HighWaterMark.read(folder).orElseThrow().head().commits()).isEqualTo(2);
  }

  @Test
  void isDirtyUntilForced() throws IOException {
    try (HighWaterMark mark = HighWaterMark.begin(folder, STORE, new CommitHead(5, 5, 5))) {
      assertThat(mark.isDirty()).isFalse();

      mark.append(new CommitHead(6, 10, 77));
      assertThat(mark.isDirty()).isTrue();

      mark.force();
      assertThat(mark.isDirty()).isFalse();
    }
  }

  private Path file() {
    return folder.resolve(HighWaterMark.FILE);
  }
}
