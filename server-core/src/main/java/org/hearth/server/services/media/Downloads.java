package org.hearth.server.services.media;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
import org.hearth.server.outbound.SharedPlaces;

/// The answers that have media in them: with the headers that keep a browser from taking a file of
/// one person for a page of this server.
///
/// **thread**: any; an answer may wait for its upload.
///
/// **source**: [Content
/// repository](https://spec.matrix.org/v1.19/client-server-api/#content-repository)
public final class Downloads {
  /// At the same time, of all users: each holds a file open, be it a thumbnail.
  static final int MOST = 512;

  /// Of one user. A page full of pictures has more: they come one after the other.
  static final int MOST_OF_ONE = 32;

  /// Of one address, whose owner has as many accounts as they like.
  static final int MOST_OF_ADDRESS = 128;

  /// Who waits for others' downloads, or their own, to end.
  static final int MOST_QUEUED = 1_000;

  private static final Duration PATIENCE_FOR_PLACE = Duration.ofSeconds(5);

  /// Who waits for something that is not uploaded yet.
  static final int MOST_WAITING = 1_000;

  static final int MOST_WAITING_OF_ONE = 50;
  static final int MOST_WAITING_OF_ADDRESS = 250;

  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

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
  private final SharedPlaces places = new SharedPlaces(MOST, MOST_QUEUED);
  private final SharedPlaces waiting = new SharedPlaces(MOST_WAITING, 0);

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
    return MediaStore.isHere(server, uri);
  }

  /// Something of this server or of another, with a login.
  Response download(Request request, Optional<String> fileName)
      throws InterruptedException, IOException {
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
      throws InterruptedException, IOException {
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
    try (SharedPlaces.Place _ =
        place(
            waiting,
            shares(request, MOST_WAITING_OF_ONE, MOST_WAITING_OF_ADDRESS),
            Duration.ZERO)) {
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

  /// What a request takes up of places: the user's share, and the address's.
  static List<SharedPlaces.Share> shares(Request request, int mostOfOne, int mostOfAddress) {
    List<SharedPlaces.Share> shares = new ArrayList<>();
    shares.add(new SharedPlaces.Share(request.address(), mostOfAddress));
    request
        .optionalRequester()
        .ifPresent(each -> shares.add(new SharedPlaces.Share(each.user().value(), mostOfOne)));
    return shares;
  }

  /// @throws MatrixException `M_LIMIT_EXCEEDED` if there is none in time
  static SharedPlaces.Place place(
      SharedPlaces places, List<SharedPlaces.Share> shares, Duration patience)
      throws InterruptedException {
    return places
        .take(shares, patience)
        .orElseThrow(() -> MatrixException.limitExceeded(RETRY_AFTER));
  }

  private static MatrixException notFound() {
    return MatrixException.notFound("There is no such media");
  }

  /// The bytes, all or a range of them.
  ///
  /// @param fileName in the place of the one that the media has
  /// @throws MatrixException as of [#content]
  public Response answer(Request request, MediaFile file, Optional<String> fileName)
      throws InterruptedException, IOException {
    return Response.stored(
        request,
        file.contentType(),
        content(request, file),
        headers(ContentDisposition.of(file.contentType(), fileName.or(file::fileName))));
  }

  /// The bytes, to be sent with something around them. Whoever has them closes them.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if it is in quarantine, or its file is lost;
  ///   `M_LIMIT_EXCEEDED` as of [#opened]
  public StoredContent content(Request request, MediaFile file)
      throws InterruptedException, IOException {
    if (file.quarantined()) {
      throw notFound();
    }
    return opened(
        request, place -> new VerifiedContent(store.open(file), store.checked(), place, onDamaged));
  }

  /// Opens a file.
  @FunctionalInterface
  public interface Opening {
    /// Opens it.
    ///
    /// @param place to be closed with it
    StoredContent open(Closeable place) throws IOException;
  }

  /// Opens a file that is to be sent, when there is a place for that: whatever is open for a client
  /// has one. Whoever has the content closes it.
  ///
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if the user, the address, or all together download
  ///   too much at the same time, and go on with that
  public StoredContent opened(Request request, Opening opening)
      throws InterruptedException, IOException {
    SharedPlaces.Place place =
        place(places, shares(request, MOST_OF_ONE, MOST_OF_ADDRESS), PATIENCE_FOR_PLACE);
    boolean taken = false;
    try {
      StoredContent content = opening.open(place::close);
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
