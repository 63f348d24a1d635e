package org.hearth.server.store;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/// What exceptions about files say to people; some say nothing but the name of the file.
public final class FileFailure {
  private FileFailure() {}

  /// Says what went wrong.
  ///
  /// @param failure of a file, or caused by one
  /// @return a part of a sentence
  public static String said(Exception failure) {
    Throwable cause = failure.getCause() instanceof IOException inner ? inner : failure;
    return switch (cause) {
      case NoSuchFileException missing -> missing.getFile() + " does not exist";
      case AccessDeniedException denied ->
          "the user %s may not read or write %s"
              .formatted(System.getProperty("user.name"), denied.getFile());
      case FileAlreadyExistsException there ->
          there.getFile() + " is there already, and is no folder";
      case FileSystemException other when other.getReason() == null ->
          other.getFile() + " is not what was expected there";
      default ->
          String.valueOf(
              cause.toString().equals(failure.getMessage())
                  ? cause.getMessage()
                  : failure.getMessage());
    };
  }
}
