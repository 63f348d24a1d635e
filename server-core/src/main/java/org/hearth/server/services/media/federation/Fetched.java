package org.hearth.server.services.media.federation;

import java.time.Duration;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.services.media.RemoteMedia;

/// What came of asking another server for media; remembered for a while, so that a picture in a
/// large room is asked for once and not by everybody who looks.
sealed interface Fetched {
  /// It is here.
  record Here(RemoteMedia media) implements Fetched {}

  /// That server says that there is no such thing.
  record Nothing() implements Fetched {}

  /// Nobody has uploaded it yet.
  record NotYet() implements Fetched {}

  /// It is larger than is taken in here, or than that server gives.
  record TooLarge() implements Fetched {}

  /// This server could not take it in.
  record Refused(MatrixException why) implements Fetched {}

  /// That server could not be asked, or what it said could not be used.
  record Failed(String why) implements Fetched {}

  /// How long it is remembered. What is here is in the database.
  default Duration life() {
    return switch (this) {
      case Here _, NotYet _, Refused _ -> Duration.ofSeconds(1);
      case Nothing _ -> Duration.ofMinutes(1);
      case TooLarge _ -> Duration.ofMinutes(10);
      case Failed _ -> Duration.ofSeconds(30);
    };
  }

  /// What was fetched.
  ///
  /// @throws MatrixException if there is nothing
  default RemoteMedia media() {
    return switch (this) {
      case Here(RemoteMedia media) -> media;
      case Nothing _ -> throw MatrixException.notFound("There is no such media");
      case NotYet _ ->
          throw new MatrixException(Errcode.NOT_YET_UPLOADED, "Content has not yet been uploaded");
      // "Homeservers should not proxy or thumbnail large files or images from remote homeservers,
      // returning a HTTP 502 error with the `M_TOO_LARGE` code."
      case TooLarge _ ->
          throw new MatrixException(502, Errcode.TOO_LARGE, "Content is too large to serve");
      case Refused(MatrixException why) -> throw why;
      case Failed _ ->
          throw new MatrixException(
              502, Errcode.UNKNOWN, "The other server's media could not be fetched");
    };
  }
}
