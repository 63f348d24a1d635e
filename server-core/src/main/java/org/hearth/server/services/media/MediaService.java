package org.hearth.server.services.media;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.ServiceBox;
import org.hearth.server.http.Access;
import org.hearth.server.http.BodyLimit;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.activity.Activity;
import org.hearth.server.services.activity.Happenings;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.hearth.server.upkeep.Upkeep;

/// The endpoints of media, and the work that keeps it within its bounds.
///
/// **thread**: any; [#start] and [#stop] one.
///
/// **source**: [Content
/// repository](https://spec.matrix.org/v1.19/client-server-api/#content-repository)
public final class MediaService implements ServiceBox, AccountCompanion {
  /// The name in the wiring.
  public static final String BOX = MediaQueries.BOX;

  private static final System.Logger LOG = System.getLogger(MediaService.class.getName());
  private static final Duration FIRST_SWEEP = Duration.ofSeconds(5);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(10);

  private final MediaStore store;
  private final Uploads uploads;
  private final Downloads downloads;
  private final Custody custody;
  private final Sweep sweep;

  /// Whether an account was erased since its media was last removed.
  private volatile boolean erasing;

  private final Upkeep thread = new Upkeep("media");

  /// @param elsewhere has what is on other servers
  public MediaService(
      MediaStore store,
      ServerName server,
      MediaElsewhere elsewhere,
      Happenings happenings,
      InstantSource clock) {
    this.store = store;
    this.sweep = new Sweep(store, happenings, clock, thread::isEnding);
    this.uploads = new Uploads(store, server);
    this.downloads = new Downloads(store, server, elsewhere, sweep::damaged);
    this.custody = new Custody(store, server, sweep, clock, thread::isEnding);
  }

  /// A server that has nothing of others.
  public static MediaElsewhere nowhere() {
    return (_, _, _) -> {
      throw MatrixException.notFound("Media of other servers is not fetched");
    };
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Pictures and files";
  }

  @Override
  public List<String> commands() {
    return List.of(Activity.BOX);
  }

  @Override
  public List<Table> tables() {
    return List.of(
        MediaTables.MEDIA,
        MediaTables.PENDING,
        MediaTables.USAGE,
        RemoteTables.REMOTE,
        RemoteTables.USAGE,
        Quarantine.TABLE);
  }

  @Override
  public List<AccountCompanion> companions() {
    return List.of(this);
  }

  /// How media is answered, for others that have some.
  public Downloads downloads() {
    return downloads;
  }

  /// What the panel and the command line can do.
  public Custody custody() {
    return custody;
  }

  /// What the last run was receiving goes before anything is received.
  @Override
  public void start() {
    sweep.removeIncoming();
    thread.every(FIRST_SWEEP, DAY, "media could not be looked through", sweep::run);
    thread.every(HOUR, HOUR, "what is too old of media could not be removed", custody::removeDue);
  }

  @Override
  public void stop() throws InterruptedException {
    if (!thread.end(PATIENCE_AT_END)) {
      LOG.log(Level.WARNING, "media is still being looked through");
    }
  }

  /// What belongs to an erased account goes after it, since it may be much.
  @Override
  public List<RowChange> closing(UserId user, boolean erase) {
    if (!erase || !store.options().eraseWithAccount()) {
      return List.of(MediaTables.notPendingOf(user));
    }
    erasing = true;
    return MediaStore.erasing(user);
  }

  @Override
  public void changed(UserId user) {
    if (erasing && !thread.isEnding()) {
      erasing = false;
      thread.once("the media of an erased account could not be removed", custody::removeErased);
    }
  }

  /// The path under today's prefix and the one that old clients use.
  private static List<String> media(String path) {
    return List.of("/_matrix/media/v3" + path, "/_matrix/media/r0" + path);
  }

  @Override
  public void register(Routes routes) {
    for (String path : media("/upload")) {
      routes.add(
          HttpMethod.POST,
          path,
          Access.USER,
          RateClass.UPLOAD,
          BodyLimit.STREAMED,
          uploads::upload);
    }
    routes.add(
        HttpMethod.PUT,
        "/_matrix/media/v3/upload/{serverName}/{mediaId}",
        Access.USER,
        RateClass.UPLOAD,
        BodyLimit.STREAMED,
        uploads::uploadTo);
    routes.add(
        HttpMethod.POST,
        "/_matrix/media/v1/create",
        Access.USER,
        RateClass.UPLOAD,
        uploads::create);
    String address = "/download/{serverName}/{mediaId}";
    routes.add(
        HttpMethod.GET,
        ClientPaths.v1("/media" + address),
        Access.USER_OR_GUEST,
        RateClass.DOWNLOAD,
        request -> downloads.download(request, Optional.empty()));
    routes.add(
        HttpMethod.GET,
        ClientPaths.v1("/media" + address + "/{fileName}"),
        Access.USER_OR_GUEST,
        RateClass.DOWNLOAD,
        request -> downloads.download(request, Optional.of(request.path("fileName"))));
    routes.add(
        HttpMethod.GET,
        media(address),
        Access.NONE,
        RateClass.DOWNLOAD,
        request -> downloads.downloadWithoutLogin(request, Optional.empty()));
    routes.add(
        HttpMethod.GET,
        media(address + "/{fileName}"),
        Access.NONE,
        RateClass.DOWNLOAD,
        request -> downloads.downloadWithoutLogin(request, Optional.of(request.path("fileName"))));
    List<String> config =
        Stream.concat(media("/config").stream(), Stream.of(ClientPaths.v1("/media/config")))
            .toList();
    routes.add(HttpMethod.GET, config, Access.USER_OR_GUEST, RateClass.DEFAULT, this::config);
  }

  private Response config(Request request) {
    return Response.json(
        JsonNodeFactory.instance
            .objectNode()
            .put("m.upload.size", store.options().mostUploadBytes()));
  }
}
