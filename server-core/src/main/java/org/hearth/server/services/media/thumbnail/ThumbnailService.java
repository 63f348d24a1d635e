package org.hearth.server.services.media.thumbnail;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.hearth.server.box.ServiceBox;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.MxcUri;
import org.hearth.server.services.media.Downloads;
import org.hearth.server.services.media.LocalMedia;
import org.hearth.server.services.media.MediaElsewhere;
import org.hearth.server.services.media.MediaFile;
import org.hearth.server.services.media.MediaQueries;
import org.hearth.server.services.media.MediaStore;
import org.hearth.server.services.media.RemoteMedia;
import org.hearth.server.store.Table;

/// The endpoints that give thumbnails to clients.
///
/// **thread**: any; who asks waits for the making.
///
/// **source**: [Thumbnails](https://spec.matrix.org/v1.19/client-server-api/#thumbnails)
public final class ThumbnailService implements ServiceBox {
  /// The name in the wiring.
  public static final String BOX = "Thumbnails";

  private final Thumbnails thumbnails;
  private final MediaStore media;
  private final Downloads downloads;
  private final MediaElsewhere elsewhere;

  /// @param downloads the way to originals
  /// @param elsewhere has what is on other servers
  public ThumbnailService(
      Thumbnails thumbnails, MediaStore media, Downloads downloads, MediaElsewhere elsewhere) {
    this.thumbnails = thumbnails;
    this.media = media;
    this.downloads = downloads;
    this.elsewhere = elsewhere;
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Small pictures";
  }

  @Override
  public List<String> asks() {
    return List.of(MediaQueries.BOX);
  }

  @Override
  public List<Table> tables() {
    return List.of(ThumbnailRows.TABLE);
  }

  @Override
  public void start() {
    thumbnails.start();
  }

  @Override
  public void stop() throws InterruptedException {
    thumbnails.stop();
  }

  @Override
  public void register(Routes routes) {
    String path = "/thumbnail/{serverName}/{mediaId}";
    routes
        .add(
            HttpMethod.GET,
            ClientPaths.v1("/media" + path),
            Access.USER_OR_GUEST,
            RateClass.DOWNLOAD,
            this::get)
        .add(
            HttpMethod.GET,
            List.of("/_matrix/media/v3" + path, "/_matrix/media/r0" + path),
            Access.NONE,
            RateClass.DOWNLOAD,
            this::getWithoutLogin);
  }

  private Response get(Request request) throws InterruptedException, IOException {
    ThumbnailSize size = size(request);
    MxcUri uri = Downloads.uri(request);
    Duration patience = Downloads.patience(request);
    if (downloads.isHere(uri)) {
      LocalMedia local = downloads.awaited(uri.mediaId(), request, patience);
      media.used(local);
      return answer(request, local.file(), size, false);
    }
    RemoteMedia remote = elsewhere.get(uri, request, patience);
    media.used(remote);
    return answer(request, remote.file(), size, true);
  }

  /// "This endpoint MAY return `404 M_NOT_FOUND` for media which exists, but is after the server
  /// froze unauthenticated media access." Nothing is fetched from other servers for who has no
  /// account.
  private Response getWithoutLogin(Request request) throws InterruptedException, IOException {
    ThumbnailSize size = size(request);
    LocalMedia local = downloads.withoutLogin(request);
    return answer(request, local.file(), size, false);
  }

  private Response answer(Request request, MediaFile file, ThumbnailSize size, boolean remote)
      throws InterruptedException, IOException {
    return switch (thumbnails.get(request.asker(), file, size, remote)) {
      case Thumbnails.Found.Thumbnail(var made, String type) ->
          Response.stored(request, type, downloads.opened(request, made), Thumbnails.headers(type));
      case Thumbnails.Found.Original(MediaFile original) ->
          downloads.answer(request, original, Optional.empty());
    };
  }

  /// What a request asks for.
  ///
  /// @throws MatrixException 400 if that makes no sense: "the caller requested non-integer
  ///   dimensions or asked for negatively-sized images"
  public static ThumbnailSize size(Request request) {
    return new ThumbnailSize(
        dimension(request, "width"),
        dimension(request, "height"),
        method(request),
        request.queryFlag("animated", false));
  }

  private static int dimension(Request request, String name) {
    var _ = request.requiredQuery(name);
    long wanted = request.queryLong(name, 1, Integer.MAX_VALUE).orElseThrow();
    return (int) Math.min(wanted, ThumbnailSize.MOST);
  }

  private static ThumbnailSize.Method method(Request request) {
    String method = request.query("method").orElse("scale");
    return switch (method) {
      case "scale" -> ThumbnailSize.Method.SCALE;
      case "crop" -> ThumbnailSize.Method.CROP;
      default ->
          throw MatrixException.invalidParam(
              "expected the method crop or scale, found " + method.toLowerCase(Locale.ROOT));
    };
  }
}
