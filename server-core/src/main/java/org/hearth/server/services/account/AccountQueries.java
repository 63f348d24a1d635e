package org.hearth.server.services.account;

import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;

/// What others may ask about the accounts of this server. Every answer is of what is committed.
///
/// **thread**: any; a call may read from the disk, accounts are mostly cached.
///
/// **shape**: users of other servers have no account here; the answers are those for nobody.
public interface AccountQueries {
  /// The account, closed or not; empty when there never was one.
  Optional<Account> account(UserId user);

  /// Whether there is, or was, such an account.
  default boolean exists(UserId user) {
    return account(user).isPresent();
  }

  /// Whether the account is there and open: neither closed nor missing. A locked account is open.
  default boolean isActive(UserId user) {
    return account(user).filter(each -> !each.deactivated()).isPresent();
  }

  /// Whether the account is a guest's.
  default boolean isGuest(UserId user) {
    return account(user).filter(Account::guest).isPresent();
  }

  /// Whether the user may administer this server.
  default boolean isAdmin(UserId user) {
    return account(user).filter(each -> each.admin() && !each.deactivated()).isPresent();
  }

  /// Whether the user asked for all content to be erased: events of theirs are shown redacted to
  /// who joins later.
  default boolean isErased(UserId user) {
    return account(user).filter(Account::erased).isPresent();
  }

  /// The user's devices by id; empty for a user that is not here.
  List<Device> devices(UserId user);

  /// One device of the user.
  Optional<Device> device(UserId user, DeviceId device);

  /// Who used a device last, the latest first.
  List<UserId> seenLast(int limit);

  /// The open accounts of guests.
  List<UserId> guests();

  /// How many accounts are open, without guests.
  long activeCount();
}
