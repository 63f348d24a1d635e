package org.hearth.server.services.media;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.content.StoredContent;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.MxcUri;
import org.hearth.server.matrix.id.ServerName;

/// The answers that have media in them: with the headers that keep a browser from taking a file of
/// one person for a page of this server.
///
/// **thread**: any; an answer may wait for its upload.
///
/// **source**: [Content
/// repository](https://spec.matrix.org/v1.19/client-server-api/#content-repository)
public final class Downloads {
  /// At the same time, of all users: each holds a file open.
  static final int MOST = 512;

  /// Of one user, or one address of who is none.
  static final int MOST_OF_ONE = 128;

  /// Who waits for something that is not uploaded yet.
  static final int MOST_WAITING = 1_000;

  static final int MOST_WAITING_OF_ONE = 50;

  private static final Duration USUAL_PATIENCE = Duration.ofSeconds(20);

  /// "The content repository SHOULD impose a maximum value for this parameter."
  private static final Duration LONGEST_PATIENCE = Duration.ofMinutes(1);

  /// "The recommended policy".
  private static final String POLICY =
      "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf;"
          + " style-src 'unsafe-inline'; object-src 'self';";

  private final MediaStore store;
  private final ServerName server;
  private final MediaElsewhere elsewhere;
  private final Consumer<String> onDamaged;
  private final Places places = new Places(MOST, MOST_OF_ONE);
  private final Places waiting = new Places(MOST_WAITING, MOST_WAITING_OF_ONE);

  /// @param onDamaged told the hash of a file that is not what was stored; quick
  Downloads(
      MediaStore store, ServerName server, MediaElsewhere elsewhere, Consumer<String> onDamaged) {
    this.store = store;
    this.server = server;
    this.elsewhere = elsewhere;
    this.onDamaged = onDamaged;
  }

  /// How long the client of a request wants to wait for something that is not uploaded yet.
  ///
  /// @throws MatrixException `M_INVALID_PARAM` if it says so wrongly
  public static Duration patience(Request request) {
    long millis =
        request.queryLong("timeout_ms", 0, Long.MAX_VALUE).orElse(USUAL_PATIENCE.toMillis());
    return Duration.ofMillis(Math.min(millis, LONGEST_PATIENCE.toMillis()));
  }

  /// The address in the path of a request.
  ///
  /// "Homeservers MUST sanitise `mxc://` URIs by restricting the `server-name` segment to valid
  /// server names, allowing only alphanumeric (`A-Za-z0-9`), `_` and `-` characters in the
  /// `media-id` segment."
  public static MxcUri uri(Request request) {
    return MxcUri.create(ServerName.parse(request.path("serverName")), request.path("mediaId"));
  }

  /// Whether it is an upload of this server's, if it is anything.
  public boolean isHere(MxcUri uri) {
    return uri.server().equals(server) && !uri.mediaId().startsWith(MediaStore.FROM_PAGES);
  }

  /// Something of this server or of another, with a login.
  Response download(Request request, Optional<String> fileName) throws InterruptedException {
    MxcUri uri = uri(request);
    Duration patience = patience(request);
    if (!isHere(uri)) {
      RemoteMedia remote = elsewhere.get(uri, request, patience);
      store.used(remote);
      return answer(request, remote.file(), fileName);
    }
    LocalMedia media = awaited(uri.mediaId(), request, patience);
    store.used(media);
    return answer(request, media.file(), fileName);
  }

  /// Something of this server from before the freeze, without a login.
  Response downloadWithoutLogin(Request request, Optional<String> fileName)
      throws InterruptedException {
    return answer(request, withoutLogin(request).file(), fileName);
  }

  /// What a request without a login is for.
  ///
  /// "Any media uploaded before the freeze remains accessible via the deprecated endpoints, and any
  /// media uploaded after (or during) the freeze SHOULD only be accessible through the new,
  /// authenticated, endpoints." Nothing is fetched from other servers for who has no account.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if it is not to be had so
  public LocalMedia withoutLogin(Request request) throws InterruptedException {
    MxcUri uri = uri(request);
    Duration patience = patience(request);
    var _ = request.queryFlag("allow_remote", true);
    var _ = request.queryFlag("allow_redirect", false);
    if (!isHere(uri)
        || (!store.options().withoutLogin()
            && !(store.local(uri.mediaId()) instanceof MediaQueries.Local.There))) {
      throw notFound();
    }
    LocalMedia media = awaited(uri.mediaId(), request, patience);
    if (!media.withoutLogin()) {
      throw notFound();
    }
    store.used(media);
    return media;
  }

  /// Something of this server, as soon as it is uploaded.
  ///
  /// @throws MatrixException `M_NOT_YET_UPLOADED` if it is not in that time; `M_NOT_FOUND` if there
  ///   is nothing at that address
  public LocalMedia awaited(String mediaId, Request request, Duration patience)
      throws InterruptedException {
    MediaQueries.Local found = store.local(mediaId);
    if (found instanceof MediaQueries.Local.NotYetUploaded) {
      found = await(mediaId, request, patience);
    }
    return switch (found) {
      case MediaQueries.Local.There(var media) -> media;
      case MediaQueries.Local.NotYetUploaded _ ->
          throw new MatrixException(Errcode.NOT_YET_UPLOADED, "Content has not yet been uploaded");
      case MediaQueries.Local.Nothing _ -> throw notFound();
    };
  }

  private MediaQueries.Local await(String mediaId, Request request, Duration patience)
      throws InterruptedException {
    try (Places.Place _ = waiting.take(request.asker())) {
      var _ =
          store
              .arrivals()
              .await(
                  mediaId,
                  patience,
                  () -> !(store.local(mediaId) instanceof MediaQueries.Local.NotYetUploaded),
                  request.stopping());
    }
    return store.local(mediaId);
  }

  private static MatrixException notFound() {
    return MatrixException.notFound("There is no such media");
  }

  /// The bytes, all or a range of them.
  ///
  /// @param fileName in the place of the one that the media has
  /// @throws MatrixException as of [#content]
  public Response answer(Request request, MediaFile file, Optional<String> fileName) {
    StoredContent content = content(request, file);
    try {
      return Response.stored(
          request,
          file.contentType(),
          content,
          headers(ContentDisposition.of(file.contentType(), fileName.or(file::fileName))));
    } catch (IOException e) {
      throw new UncheckedIOException("a file cannot be read", e);
    }
  }

  /// The bytes, to be sent with something around them. Whoever has them closes them.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if it is in quarantine, or its file is lost;
  ///   `M_LIMIT_EXCEEDED` if the user downloads too much at the same time
  public StoredContent content(Request request, MediaFile file) {
    if (file.quarantined()) {
      throw notFound();
    }
    Places.Place place = places.take(request.asker());
    boolean taken = false;
    try {
      StoredContent content = new VerifiedContent(store.open(file), place, onDamaged);
      taken = true;
      return content;
    } finally {
      if (!taken) {
        place.close();
      }
    }
  }

  /// What every answer has that is somebody's file, whether it is kept or made for the moment.
  ///
  /// @param disposition the value of `Content-Disposition`
  public static Map<String, String> headers(String disposition) {
    return Map.of(
        "Content-Disposition",
        disposition,
        "Content-Security-Policy",
        POLICY,
        // "The server SHOULD additionally provide `Cross-Origin-Resource-Policy: cross-origin`".
        "Cross-Origin-Resource-Policy",
        "cross-origin",
        "Cache-Control",
        "private, max-age=86400");
  }
}
