# Debian packages: cmake --workflow --preset packages. Names and rules are those of Debian. A source archive: the target archive.
option(PASTICHE_PACKAGES "Install what Debian packages have besides: compressed manual, changelog and copyright" OFF)
set(PASTICHE_PACKAGER "pastiche authors <pastiche@users.invalid>" CACHE STRING "Name and address in the packages")

# ---- each component is a package ----
set(package_program pastiche)
set(package_library libpastiche${PROJECT_VERSION_MAJOR})
set(package_development libpastiche-dev)
set(package_mpi pastiche-mpi)
set(components program library development)
if(TARGET pastiche-mpi)
  list(APPEND components mpi)
endif()

if(PASTICHE_PACKAGES)
  find_program(GZIP gzip REQUIRED)
  function(compress from to)
    add_custom_command(OUTPUT ${to} COMMAND sh -c "exec \"$0\" -9nc \"$1\" >\"$2\"" ${GZIP} ${from} ${to} DEPENDS ${from} VERBATIM)
  endfunction()
  set(compressed ${CMAKE_CURRENT_BINARY_DIR}/changelog.gz)
  compress(${CMAKE_CURRENT_SOURCE_DIR}/CHANGELOG.md ${compressed})
  if(PASTICHE_MANUAL)
    set(manuals ${PASTICHE_MANUAL}.gz)
    compress(${PASTICHE_MANUAL} ${PASTICHE_MANUAL}.gz)
    if(TARGET pastiche-mpi)
      file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/pastiche-mpi.1 ".so man1/pastiche.1\n")
      compress(${CMAKE_CURRENT_BINARY_DIR}/pastiche-mpi.1 ${CMAKE_CURRENT_BINARY_DIR}/pastiche-mpi.1.gz)
      install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pastiche-mpi.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT mpi)
      list(APPEND manuals ${CMAKE_CURRENT_BINARY_DIR}/pastiche-mpi.1.gz)
    endif()
    install(FILES ${PASTICHE_MANUAL}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
  endif()
  # The license of what is inside too, in the form that Debian gives such files.
  set(copyright ${CMAKE_CURRENT_BINARY_DIR}/copyright)
  file(READ LICENSE license)
  string(REGEX REPLACE "^.*authors\n\n" "\n" license "${license}")
  string(REPLACE "\n" "\n " license "${license}")
  string(REPLACE "\n \n" "\n .\n" license "${license}")
  string(STRIP "${license}" license)
  file(WRITE ${copyright} "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: pastiche
Comment: The networks inside the program and the library (--model small and
 --model medium) were made for it, with VGG-19 as their teacher, and have the
 same license. Readers and writers of some image formats are stb_image and
 stb_image_write (Sean Barrett; public domain or Expat).

Files: *
Copyright: 2026 The pastiche authors
License: Expat
 ${license}

Files: host/cli/draw/font.hex
Copyright: none, the font 9x15 of the X Window System
License: public-domain
 Public domain font. Share and enjoy.
")
  add_custom_target(package_files ALL DEPENDS ${compressed} ${manuals})
  foreach(component IN LISTS components)
    set(documents ${CMAKE_INSTALL_DATADIR}/doc/${package_${component}})
    install(FILES ${compressed} DESTINATION ${documents} COMPONENT ${component})
    install(FILES ${copyright} DESTINATION ${documents} COMPONENT ${component})
  endforeach()
elseif(PASTICHE_MANUAL)
  install(FILES ${PASTICHE_MANUAL} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
endif()

# ---- CPack ----
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT ${PASTICHE_PACKAGER})
set(CPACK_PACKAGE_FILE_NAME pastiche-${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL ${components})
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
foreach(component IN LISTS components)
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package_${component}})
endforeach()

set(common "It optimizes an image so that a trained network sees in it the objects of a
photograph and the appearance of a painting, after Gatys, Ecker and Bethge.
It runs on any OpenCL device, GPU or CPU, and needs neither Python nor CUDA.")
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION "${common}")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "pocl-opencl-icd | opencl-icd")
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "${common}\n.\nThis is the shared library.")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_BINARY_DIR}/triggers)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_RECOMMENDS "pocl-opencl-icd | opencl-icd")
set(CPACK_DEBIAN_MPI_DESCRIPTION "${common}\n.\nThis is the program for MPI: its processes share one image.")
set(CPACK_DEBIAN_MPI_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_MPI_PACKAGE_DEPENDS "openmpi-bin")
set(CPACK_DEBIAN_MPI_PACKAGE_RECOMMENDS "pocl-opencl-icd | opencl-icd")

# Who links the static library needs what it is linked with.
set(needs "${package_library} (= ${PROJECT_VERSION})" ocl-icd-opencl-dev libclblast-dev libjansson-dev libpng-dev libjpeg-dev)
set(package_of_LIBTIFF libtiff-dev)
set(package_of_WEBP libwebp-dev)
set(package_of_LCMS2 liblcms2-dev)
set(package_of_HDF5 libhdf5-dev)
set(package_of_LIBZIP libzip-dev)
set(package_of_ZLIB zlib1g-dev)
foreach(name IN LISTS PASTICHE_OPTIONAL)
  if(DEFINED package_of_${name})
    list(APPEND needs ${package_of_${name}})
  endif()
endforeach()
if(CURL_FOUND)
  list(APPEND needs "libcurl4-openssl-dev | libcurl-dev")
endif()
list(JOIN needs ", " CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS)
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "${common}\n.\nThese are the development files.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)

include(CPack)

# ---- the source archive ----
if(UNIX)
  set(archive ${CMAKE_CURRENT_BINARY_DIR}/pastiche-${PROJECT_VERSION}.tar.gz)
  add_custom_target(archive COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/host/package/archive.sh ${archive} VERBATIM)
endif()
