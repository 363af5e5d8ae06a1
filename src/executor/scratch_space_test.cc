#include "executor/scratch_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/concat.h"
#include "support/temporary_folder.h"

namespace windlass {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

class ScratchSpaceTest : public ::testing::Test {
 protected:
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(parent())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  std::string parent() const { return folder_.path(); }
  // As an executor leaves it that was killed.
  std::string Abandoned() {
    std::string path = Concat(parent(), "/", ScratchSpace::kPrefix, "dead01");
    fs::create_directories(path + "/attempt");
    EXPECT_TRUE(WriteFileAtomically(path + "/attempt/x", "data").ok());
    return path;
  }

 private:
  testing::TemporaryFolder folder_;
};

TEST_F(ScratchSpaceTest, NothingIsMadeBeforeSomebodyWantsIt) {
  ScratchSpace space(parent());
  EXPECT_TRUE(space.RemoveAbandoned().ok());
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(ScratchSpaceTest, EveryFolderIsNewAndAllGoWithTheSpace) {
  {
    ScratchSpace space(parent());
    auto first = space.MakeFolder();
    auto second = space.MakeFolder();
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_NE(*first, *second);
    EXPECT_EQ(fs::path(*first).parent_path(), fs::path(*second).parent_path());
    EXPECT_TRUE(WriteFileAtomically(*first + "/left", "behind").ok());
  }
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(ScratchSpaceTest, WhatAKilledExecutorLeftIsRemoved) {
  Abandoned();
  ScratchSpace space(parent());
  EXPECT_TRUE(space.RemoveAbandoned().ok());
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(ScratchSpaceTest, AFolderThatIsHeldIsNotTouched) {
  ScratchSpace other(parent());
  auto made = other.MakeFolder();
  ASSERT_TRUE(made.ok());
  ScratchSpace space(parent());
  EXPECT_TRUE(space.RemoveAbandoned().ok());
  EXPECT_TRUE(fs::exists(*made));
}

TEST_F(ScratchSpaceTest, OtherNamesAndLinksAreNotTouched) {
  fs::create_directory(parent() + "/mine");
  const std::string link = Concat(parent(), "/", ScratchSpace::kPrefix, "link");
  fs::create_directory_symlink(parent() + "/mine", link);
  ASSERT_TRUE(WriteFileAtomically(parent() + "/mine/x", "data").ok());
  ScratchSpace space(parent());
  EXPECT_TRUE(space.RemoveAbandoned().ok());
  EXPECT_TRUE(fs::exists(parent() + "/mine/x"));
  EXPECT_TRUE(fs::is_symlink(link));
}

TEST_F(ScratchSpaceTest, AParentThatIsNotThereIsAnErrorWithItsPath) {
  ScratchSpace space(parent() + "/none");
  EXPECT_THAT(std::string(space.RemoveAbandoned().message()),
              ::testing::HasSubstr(parent() + "/none"));
  EXPECT_EQ(space.MakeFolder().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ScratchSpaceTest, WhatCannotBeRemovedIsSaid) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may remove anything";
  const std::string path = Abandoned();
  fs::permissions(path + "/attempt", fs::perms::owner_read);
  ScratchSpace space(parent());
  EXPECT_FALSE(space.RemoveAbandoned().ok());
  fs::permissions(path + "/attempt", fs::perms::owner_all);
}

}  // namespace
}  // namespace windlass
