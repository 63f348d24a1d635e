package org.hearth.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.util.concurrent.CancellationException;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.connection.PortInUseException;
import org.hearth.server.http.connection.UnusableKeyException;
import org.hearth.server.store.Refusal;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.StoreRefusedException;

/// Turns what stopped a start into a reason and a remedy for the owner.
final class StartFailures {
  private StartFailures() {}

  /// Whether the server would not start, and nothing is broken.
  static boolean isRefusal(Throwable failure) {
    return failure instanceof StoreRefusedException
        || StorageException.isOfFullDisk(failure)
        || failure instanceof PortInUseException
        || failure instanceof ConfigurationException
        || failure instanceof AccessDeniedException
        || failure instanceof CancellationException
        || failure instanceof UnusableKeyException
        || failure.getCause() instanceof BindException
        || failure.getCause() instanceof UnknownHostException;
  }

  static StartFailedException explain(Throwable failure, DataFolder folder) {
    if (StorageException.isOfFullDisk(failure)) {
      // The store wants more room than none, and says how much.
      String why =
          failure instanceof StorageException ofStore ? " (" + ofStore.getMessage() + ")" : "";
      return StartFailedException.ofFullDisk(
          "The disk of " + folder.root() + " is full" + why,
          "Make room on it; then the server can start.",
          failure);
    }
    return switch (failure) {
      case StoreRefusedException refused when refused.refusal() instanceof Refusal.Held held ->
          StartFailedException.ofHeldFolder(held.problem(), held.remedy(), refused);
      case StoreRefusedException refused ->
          new StartFailedException(
              refused.refusal().problem(), refused.refusal().remedy(), refused);
      case StorageException storage when StorageException.unopened(storage).isPresent() ->
          new StartFailedException(
              "A file of the database cannot be opened: " + storage.getMessage(),
              "Give that file to the user %s, or let the server have more files open (ulimit -n, or LimitNOFILE of a service), then start again."
                  .formatted(System.getProperty("user.name")),
              storage);
      case StorageException storage ->
          new StartFailedException(
              "The database does not work: " + storage.getMessage(),
              "Check that the disk of " + folder.root() + " works and has room, then start again.",
              storage);
      case PortInUseException port ->
          new StartFailedException(
              String.valueOf(port.getMessage()),
              "End that program, or give this server another port under \"listeners\" in hearth.yaml.",
              port);
      case ConfigurationException configuration ->
          new StartFailedException(
              String.valueOf(configuration.getMessage()),
              "Correct that and start again.",
              configuration);
      case UnusableKeyException key ->
          new StartFailedException(
              "The TLS certificate of a listener cannot be used: " + StorageException.said(key),
              "Put that right, or correct \"tls\" under \"listeners\" in hearth.yaml, then start again.",
              key);
      case AccessDeniedException denied ->
          new StartFailedException(
              "The user %s may not read and write %s"
                  .formatted(System.getProperty("user.name"), denied.getFile()),
              "Give the data folder to that user, or choose another folder.",
              denied);
      case UncheckedIOException io when io.getCause() instanceof BindException ->
          new StartFailedException(
              "This computer %s".formatted(io.getMessage()),
              "Under \"listeners\" in hearth.yaml give an address of this computer, or none, and a port that this user may open.",
              io);
      case CancellationException calledOff ->
          new StartFailedException("The start was called off.", "Start it again.", calledOff);
      case UncheckedIOException io ->
          new StartFailedException(
              "A file or a port could not be opened: " + StorageException.said(io),
              "Check the files and listeners in hearth.yaml, then start again.",
              io);
      case IOException io ->
          new StartFailedException(
              "A file could not be opened: " + StorageException.said(io),
              "Check that " + folder.root() + " may be read and written, then start again.",
              io);
      default ->
          new StartFailedException(
              "Something unexpected happened: " + failure,
              "The log has the details; please report it.",
              failure);
    };
  }
}
