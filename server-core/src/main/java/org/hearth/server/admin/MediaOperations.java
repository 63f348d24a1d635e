package org.hearth.server.admin;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.hearth.server.matrix.id.MxcUri;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.media.Custody;
import org.hearth.server.services.media.LocalMedia;
import org.hearth.server.services.media.MediaFile;
import org.hearth.server.services.media.RemoteMedia;

/// The operations on media.
///
/// **thread**: any. **errors**: [AdminException] with a sentence for what was refused.
public final class MediaOperations {
  private static final int MOST_LISTED = 1_000;
  private static final String NOTHING = "There is no media at %s.";

  private final Custody custody;
  private final Function<String, UserId> existing;

  /// @param existing the account of an id; refuses one that there is not
  MediaOperations(Custody custody, Function<String, UserId> existing) {
    this.custody = custody;
    this.existing = existing;
  }

  /// How much there is.
  ///
  /// @param files that people here have uploaded
  /// @param bytes of them; equal ones are on the disk once
  /// @param copies of what is on other servers
  /// @param copyBytes of them
  public record Totals(long files, long bytes, long copies, long copyBytes) {}

  /// What one person has uploaded.
  ///
  /// @param user the whole id
  /// @param files how many
  /// @param bytes of them
  public record UserTotals(String user, long files, long bytes) {}

  /// A piece of media.
  ///
  /// @param uri its address
  /// @param user who uploaded it; empty for the copy of something on another server
  /// @param name of the file
  /// @param bytes how large it is
  /// @param type as it was said to be
  /// @param sha256 of its bytes
  /// @param time when it came here
  /// @param used when it was last downloaded, to the day
  /// @param quarantined whether nobody is to have it
  /// @param isProtected whether it is neither quarantined nor removed by age
  /// @param missing whether its file is lost
  public record Item(
      String uri,
      Optional<String> user,
      Optional<String> name,
      long bytes,
      String type,
      String sha256,
      Instant time,
      Instant used,
      boolean quarantined,
      boolean isProtected,
      boolean missing) {
    private static Item of(String uri, LocalMedia media) {
      MediaFile file = media.file();
      return new Item(
          uri,
          Optional.of(media.owner().value()),
          file.fileName(),
          file.lengthBytes(),
          file.contentType(),
          file.sha256(),
          media.uploaded(),
          media.used(),
          file.quarantined(),
          media.isProtected(),
          media.missing());
    }

    private static Item of(RemoteMedia media) {
      MediaFile file = media.file();
      return new Item(
          media.uri().value(),
          Optional.empty(),
          file.fileName(),
          file.lengthBytes(),
          file.contentType(),
          file.sha256(),
          media.fetched(),
          media.used(),
          file.quarantined(),
          false,
          false);
    }
  }

  /// What was removed, or would be.
  ///
  /// @param files how many
  /// @param bytes of them
  public record Removed(long files, long bytes) {}

  /// What a look through files and media has found.
  ///
  /// @param withoutMedia files that belonged to nothing, and are removed
  /// @param lost pieces of media whose file is not there
  /// @param forgotten pieces of media that are removed, since their file is not there
  /// @param damaged files that have other bytes than were stored
  public record Checked(int withoutMedia, int lost, int forgotten, int damaged) {}

  /// How much there is.
  ///
  /// @return as of now
  public Totals totals() {
    return Admin.refusing(() -> {
      Custody.Totals totals = custody.totals();
      return new Totals(totals.files(), totals.bytes(), totals.copies(), totals.copyBytes());
    });
  }

  /// Who has uploaded most, first.
  ///
  /// @param limit how many at most
  /// @return each with how much that is
  public List<UserTotals> largest(int limit) {
    return Admin.refusing(() ->
        custody.largest(limit).stream()
            .map(each -> new UserTotals(each.user().value(), each.files(), each.bytes()))
            .toList());
  }

  /// What a user has uploaded, newest first.
  ///
  /// @param user the whole id
  /// @return the newest thousand
  public Page<Item> ofUser(String user) {
    return Admin.refusing(() -> {
      List<Item> found =
          custody.ofUser(existing.apply(user.strip()), Optional.empty(), MOST_LISTED + 1).stream()
              .map(each -> Item.of(custody.uri(each).value(), each))
              .toList();
      boolean more = found.size() > MOST_LISTED;
      return new Page<>(more ? found.subList(0, MOST_LISTED) : found, more);
    });
  }

  /// Something that somebody here has uploaded, or the copy of something on another server.
  ///
  /// @param uri its address, `mxc://…`
  /// @return what is known of it
  public Item show(String uri) {
    return Admin.refusing(() -> {
      MxcUri address = uri(uri);
      return custody
          .local(address)
          .map(each -> Item.of(address.value(), each))
          .or(() -> custody.remote(address).map(Item::of))
          .orElseThrow(() -> new AdminException(NOTHING.formatted(address)));
    });
  }

  private static MxcUri uri(String text) {
    return MxcUri.parse(text.strip());
  }

  private static void change(String uri, Predicate<MxcUri> change, String otherwise) {
    Admin.refusing(() -> {
      if (!change.test(uri(uri))) {
        throw new AdminException(otherwise.formatted(uri.strip()));
      }
      return uri;
    });
  }

  /// Keeps everybody from something and from all that has the same bytes, or lets it go again.
  ///
  /// @param uri its address, `mxc://…`
  /// @param quarantined whether nobody is to have it
  public void quarantine(String uri, boolean quarantined) {
    change(uri, each -> custody.quarantine(each, quarantined), NOTHING);
  }

  /// The same of all that a user has uploaded.
  ///
  /// @param user the whole id
  /// @param quarantined whether nobody is to have it
  /// @return how many pieces of media that were
  public int quarantineAll(String user, boolean quarantined) {
    return Admin.refusing(() -> custody.quarantineAll(existing.apply(user.strip()), quarantined));
  }

  /// Protects something from quarantine and from removal by age, or does not any more.
  ///
  /// @param uri its address, `mxc://…`
  /// @param isProtected whether it is protected
  public void protect(String uri, boolean isProtected) {
    change(
        uri,
        each -> custody.protect(each, isProtected),
        "Nobody of this server has uploaded anything at %s.");
  }

  /// Removes something, or the copy of something.
  ///
  /// @param uri its address, `mxc://…`
  public void delete(String uri) {
    change(uri, custody::delete, NOTHING);
  }

  /// Removes what nobody has downloaded for so long.
  ///
  /// @param unused how long
  /// @param copies whether copies of what is on other servers are meant, instead of uploads
  /// @param dryRun counts only
  /// @return what was removed, or would be
  public Removed removeUnused(Duration unused, boolean copies, boolean dryRun) {
    return Admin.refusing(() -> {
      Custody.Removed removed =
          copies
              ? custody.removeUnusedCopies(unused, dryRun)
              : custody.removeUnused(unused, dryRun);
      return new Removed(removed.files(), removed.bytes());
    });
  }

  /// Looks through all files, and brings together what belongs together.
  ///
  /// @param reading whether every file is read and compared with what was stored
  /// @return what was found
  public Checked check(boolean reading) {
    return Admin.refusing(() -> {
      Custody.Checked found = custody.check(reading);
      return new Checked(found.withoutRow(), found.lost(), found.forgotten(), found.damaged());
    });
  }
}
