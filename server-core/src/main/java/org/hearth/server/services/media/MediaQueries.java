package org.hearth.server.services.media;

import java.time.Instant;
import java.util.Optional;
import org.hearth.server.matrix.id.MxcUri;

/// What others ask about media.
///
/// **thread**: any.
public interface MediaQueries {
  /// The name of the box that answers.
  String BOX = "Media";

  /// What there is at an address of this server.
  sealed interface Local {
    /// Something; whether anybody may have it says [MediaFile#quarantined].
    record There(LocalMedia media) implements Local {}

    /// Nothing yet: the address was given out, and who has it may still upload.
    ///
    /// @param expires until when
    record NotYetUploaded(Instant expires) implements Local {}

    /// Nothing.
    record Nothing() implements Local {}
  }

  /// What there is at that address of this server.
  Local local(String mediaId);

  /// The copy of something on another server; empty if there is none.
  Optional<RemoteMedia> remote(MxcUri uri);

  /// Opens the bytes for reading. Whoever has them open keeps them: that they are removed meanwhile
  /// is not noticed.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_NOT_FOUND` if the file is lost
  StoredFile open(MediaFile file);
}
