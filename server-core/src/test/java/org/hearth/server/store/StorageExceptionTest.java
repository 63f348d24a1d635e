package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileNotFoundException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class StorageExceptionTest {
  private static final String FILE = "/a/file";

  @Test
  void whatSaysNothingButTheNameIsExplained() {
    assertThat(StorageException.said(new NoSuchFileException(FILE)))
        .isEqualTo(FILE + " does not exist");
    assertThat(StorageException.said(new AccessDeniedException(FILE)))
        .isEqualTo(
            "the user %s may not read or write %s"
                .formatted(System.getProperty("user.name"), FILE));
    assertThat(StorageException.said(new FileAlreadyExistsException(FILE)))
        .isEqualTo(FILE + " is there already, and is no folder");
    assertThat(StorageException.said(new FileSystemException(FILE)))
        .isEqualTo(FILE + " is not what was expected there");
  }

  @Test
  void theStoresOwnMinimumIsAFullDiskToo() {
    StorageException ofStore =
        new StorageException(StorageException.Reason.DISK_FULL, "5 MiB are free");

    assertThat(StorageException.isOfFullDisk(ofStore)).isTrue();
    assertThat(StorageException.isOfFullDisk(new IllegalStateException(ofStore))).isTrue();
    assertThat(
            StorageException.isOfFullDisk(
                new StorageException(StorageException.Reason.READ_ONLY, "5 MiB are free")))
        .isFalse();
  }

  @Test
  void whatSaysMoreIsLeftAsItIs() {
    assertThat(
            StorageException.said(new FileSystemException(FILE, null, "No space left on device")))
        .isEqualTo(FILE + ": No space left on device");
    FileNotFoundException cause = new FileNotFoundException("there is nothing");
    assertThat(StorageException.said(new UncheckedIOException(cause)))
        .isEqualTo("there is nothing");
    assertThat(StorageException.said(new UncheckedIOException("The sentence", cause)))
        .isEqualTo("The sentence");
  }
}
