package org.hearth.server;

import org.hearth.server.box.Boxes;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.services.activity.Activity;
import org.hearth.server.services.media.MediaOptions;
import org.hearth.server.services.media.MediaService;
import org.hearth.server.services.media.MediaStore;
import org.hearth.server.services.media.federation.FederationMedia;
import org.hearth.server.services.media.federation.Fetching;
import org.hearth.server.services.media.thumbnail.ThumbnailService;
import org.hearth.server.services.media.thumbnail.Thumbnails;
import org.hearth.server.services.previews.Previews;

/// The boxes of pictures and files.
///
/// ```
///  clients ──► Media, Thumbnails, Previews        FederationMedia ──► others
/// ```
///
/// **thread**: the composition's.
///
/// @param client sends requests to other servers
record MediaBoxes(Boxes boxes, AllBoxes.Ground ground, FederationClient client) {
  private static final String THUMBNAILS = "thumbnails";

  /// Adds them.
  ///
  /// @param happenings is told of what the owner should know
  MediaService add(Activity happenings) {
    AllBoxes.Identity identity = ground.identity();
    MediaStore store =
        new MediaStore(
            ground.store(),
            ground.folder().media(),
            options(ground.configuration().media()),
            ground.clock(),
            identity.random());
    Fetching elsewhere = new Fetching(identity.server(), store, client, ground.outbound());
    MediaService media =
        boxes.add(
            new MediaService(store, identity.server(), elsewhere, happenings, ground.clock()));
    Thumbnails thumbnails =
        new Thumbnails(
            ground.store(), ground.folder().media().resolve(THUMBNAILS), store, ground.clock());
    boxes.add(new ThumbnailService(thumbnails, store, media.downloads(), elsewhere));
    boxes.add(new FederationMedia(store, media.downloads(), thumbnails, identity.random()));
    boxes.add(
        new Previews(
            new Previews.Needs(
                ground.store(),
                identity.server(),
                store,
                ground.outbound(),
                identity.random(),
                ground.clock()),
            ground.configuration().urlPreviews()));
    return media;
  }

  private static MediaOptions options(Configuration.Media media) {
    return new MediaOptions(
        media.largestUpload(),
        media.userQuota(),
        media.totalQuota(),
        media.copies(),
        media.keepFree(),
        media.removeUnused(),
        media.removeUnusedCopies(),
        media.eraseWithAccount(),
        media.withoutLogin());
  }
}
