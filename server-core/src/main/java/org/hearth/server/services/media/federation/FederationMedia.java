package org.hearth.server.services.media.federation;

import java.io.IOException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.hearth.server.box.ServiceBox;
import org.hearth.server.http.Access;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.http.content.StoredContent;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.services.media.ContentDisposition;
import org.hearth.server.services.media.Downloads;
import org.hearth.server.services.media.LocalMedia;
import org.hearth.server.services.media.MediaFile;
import org.hearth.server.services.media.MediaQueries;
import org.hearth.server.services.media.MediaStore;
import org.hearth.server.services.media.thumbnail.ThumbnailService;
import org.hearth.server.services.media.thumbnail.ThumbnailSize;
import org.hearth.server.services.media.thumbnail.Thumbnails;

/// Media of this server's users for other servers, and the box by which that of others comes
/// ([Fetching]).
///
/// **thread**: any.
///
/// **source**: [Content
/// Repository](https://spec.matrix.org/v1.19/server-server-api/#content-repository)
public final class FederationMedia implements ServiceBox {
  /// The name in the wiring.
  public static final String BOX = "FederationMedia";

  private static final String PREFIX = "/_matrix/federation/v1/media";
  private static final int BOUNDARY_BYTES = 24;

  private final MediaStore media;
  private final Downloads downloads;
  private final Thumbnails thumbnails;
  private final SecureRandom random;

  public FederationMedia(
      MediaStore media, Downloads downloads, Thumbnails thumbnails, SecureRandom random) {
    this.media = media;
    this.downloads = downloads;
    this.thumbnails = thumbnails;
    this.random = random;
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Others' pictures";
  }

  @Override
  public List<String> asks() {
    return List.of(MediaQueries.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(FederationClient.BOX, ThumbnailService.BOX, MediaQueries.BOX);
  }

  @Override
  public void register(Routes routes) {
    routes
        .add(
            HttpMethod.GET,
            PREFIX + "/download/{mediaId}",
            Access.SERVER,
            RateClass.FEDERATION_MEDIA,
            this::download)
        .add(
            HttpMethod.GET,
            PREFIX + "/thumbnail/{mediaId}",
            Access.SERVER,
            RateClass.FEDERATION_MEDIA,
            this::thumbnail);
  }

  private Response download(Request request) throws InterruptedException, IOException {
    return whole(request, local(request).file());
  }

  private Response thumbnail(Request request) throws InterruptedException, IOException {
    ThumbnailSize size = ThumbnailService.size(request);
    return switch (thumbnails.get(request.asker(), local(request).file(), size, false)) {
      case Thumbnails.Found.Thumbnail(var made, String type) ->
          answer(request, downloads.opened(request, made), type, "inline");
      case Thumbnails.Found.Original(MediaFile file) -> whole(request, file);
    };
  }

  private LocalMedia local(Request request) throws InterruptedException {
    LocalMedia local =
        downloads.awaited(request.path("mediaId"), request, Downloads.patience(request));
    media.used(local);
    return local;
  }

  private Response whole(Request request, MediaFile file) throws InterruptedException, IOException {
    StoredContent content = downloads.content(request, file);
    return answer(
        request,
        content,
        file.contentType(),
        ContentDisposition.of(file.contentType(), file.fileName()));
  }

  private Response answer(
      Request request, StoredContent content, String contentType, String disposition)
      throws IOException {
    byte[] boundary = new byte[BOUNDARY_BYTES];
    random.nextBytes(boundary);
    MultipartContent parts =
        new MultipartContent(content, HexFormat.of().formatHex(boundary), contentType, disposition);
    return Response.stored(request, parts.contentType(), parts, Map.of());
  }
}
